import { text } from './rules.ts'

let unnamed = 0

/** The name of a pool: the one in its options, or else `other`, or else `pool-1`, `pool-2`, ... */
export function nameOf(options: unknown, other?: string): string {
  const { name }: { readonly name?: unknown } = Object(options)
  if (text.check(name)) return String(name)
  return other ?? `pool-${++unnamed}`
}
