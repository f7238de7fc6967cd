export { List } from './core/list.ts'
