export { size } from './core/list.ts'
