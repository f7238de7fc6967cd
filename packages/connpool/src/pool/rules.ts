import { InvalidOptionError } from './errors.ts'
import type { PoolStats } from './stats.ts'

/** What a value must be. */
export interface Rule {
  readonly check: (value: unknown) => boolean
  /** Completes "it must be ...". */
  readonly must: string
  /** Its value is in no message. */
  readonly secret?: true
}

export const count = (least: number): Rule => ({
  check: (value) =>
    value === Infinity || (Number.isSafeInteger(value) && (value as number) >= least),
  must: `a whole number of at least ${least}, or Infinity`,
})

export const finiteCount = (least: number): Rule => ({
  check: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  must: `a whole number of at least ${least}`,
})

/** A span of time that must be longer than nothing. */
export const span: Rule = {
  check: (value) => typeof value === 'number' && value > 0,
  must: 'a number of milliseconds over 0, or Infinity to switch it off',
}

/** A span of time that may be nothing. */
export const wait: Rule = {
  check: (value) => typeof value === 'number' && value >= 0,
  must: 'a number of milliseconds of at least 0, or Infinity',
}

export const fraction: Rule = {
  check: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  must: 'a number from 0 to 1',
}

export const callback: Rule = {
  check: (value) => typeof value === 'function',
  must: 'a function',
}

export const oneOf = (...names: readonly string[]): Rule => ({
  check: (value) => typeof value === 'string' && names.includes(value),
  must: names.map((name) => `'${name}'`).join(' or '),
})

/** One of a few values of any type. */
export const oneOfValues = (...values: readonly unknown[]): Rule => ({
  check: (value) => values.includes(value),
  must: values.map(String).join(' or '),
})

export const text: Rule = {
  check: (value) => typeof value === 'string' && value.trim() !== '',
  must: 'a text that is not empty',
}

export const record: Rule = {
  check: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  must: 'an object',
}

/** Options that are planned and have not landed: refused with a word of their own. */
const NOT_YET: ReadonlySet<string> = new Set(['leakThresholdMs', 'logger'])

/** The options that are known, each with its rule. */
export type Rules = Readonly<Record<string, Rule>>

/** Whose options they are: a pool, or the name of one that is being made. */
export interface Owner {
  readonly name: string
  stats?(): PoolStats
}

/** The error of a refused option or argument. */
export function invalidOption(owner: Owner, message: string): InvalidOptionError {
  return new InvalidOptionError(owner.name, message, { stats: owner.stats?.() })
}

/**
 * Refuses whatever `rules` does not allow. `undefined` is an option that was not given.
 * @throws InvalidOptionError naming the option, its value and the fix.
 */
export function checkOptions(owner: Owner, options: unknown, known: Rules, path = ''): void {
  if (!record.check(options)) {
    const what = path === '' ? 'the options' : `option "${path.slice(0, -1)}"`
    throw invalidOption(owner, `${what} must be an object, not ${show(options)}`)
  }
  for (const [key, value] of Object.entries(options as object)) {
    if (value === undefined) continue
    const rule = Object.hasOwn(known, key) ? known[key] : undefined
    if (rule === undefined) {
      const fix = NOT_YET.has(path + key)
        ? 'it is not available in this version; leave it out'
        : `there is no such option${suggestion(key, known)}; these are known: ${Object.keys(known).join(', ')}`
      throw invalidOption(owner, `option "${path}${key}" is refused: ${fix}`)
    }
    if (!rule.check(value)) {
      const hide = rule.secret && typeof value !== 'object'
      const shown = hide ? `a ${typeof value}` : show(value)
      const found = `option "${path}${key}" is ${shown}; it must be ${rule.must}`
      throw invalidOption(owner, found + hint(value, rule))
    }
  }
}

/** The arguments of a verb: a plain object, so that a signal in the options' place is not overlooked. */
export function checkArguments(owner: Owner, verb: string, options: unknown, known: Rules): void {
  if (!isPlain(options)) {
    const names = Object.keys(known).join(', ')
    throw invalidOption(owner, `${verb}() takes an object of ${names}, not ${show(options)}`)
  }
  checkOptions(owner, options, known, `${verb}.`)
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** What an object is an instance of, with its article. */
function kindOf(value: object): string {
  const name = value.constructor?.name
  if (typeof name !== 'string' || name === '') return 'an object'
  return /^[aeiou]/i.test(name) ? `an ${name}` : `a ${name}`
}

/** The known option that begins most like an unknown one. */
function suggestion(key: string, known: Rules): string {
  let best = ''
  let length = 2
  for (const name of Object.keys(known)) {
    const shared = sharedBeginning(name.toLowerCase(), key.toLowerCase())
    if (shared > length) {
      length = shared
      best = name
    }
  }
  return best === '' ? '' : ` (did you mean "${best}"?)`
}

function sharedBeginning(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return length
}

/** For a number in a text, as settings from the environment are. */
function hint(value: unknown, rule: Rule): string {
  const isNumber = typeof value === 'string' && value.trim() !== '' && rule.check(Number(value))
  return isNumber ? ': a number, where this is a text' : ''
}

/** The options together with those that are inherited: they may be an object of a class. */
export function withInherited<O>(options: O, known: Rules): O {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options
  const inherited = Object.keys(known).filter(
    (key) => key in options && !Object.hasOwn(options, key),
  )
  if (inherited.length === 0) return options
  return {
    ...options,
    ...Object.fromEntries(inherited.map((key) => [key, Reflect.get(options, key)])),
  }
}

/**
 * Refuses an argument that its rule does not allow.
 * @throws InvalidOptionError
 */
export function checkArgument(owner: Owner, what: string, value: unknown, rule: Rule): void {
  if (rule.check(value)) return
  throw invalidOption(owner, `${what} is ${show(value)}; it must be ${rule.must}`)
}

/** A value in words. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null)
    return isPlain(value) ? 'an object' : kindOf(value)
  return `${String(value)}${typeof value === 'bigint' ? 'n' : ''}`
}
