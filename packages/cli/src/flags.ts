import { type ParseArgsConfig, parseArgs } from 'node:util'

/** What `connpool demo` was asked to do. */
export interface DemoFlags {
  /** Clients of the gateway. */
  readonly connections: number
  /** Seconds of measurement in each mode, after its warm-up. */
  readonly duration: number
  /** The most connections that the Agent and the pool open to the API. */
  readonly max: number
  /** Think time of the API, in milliseconds. */
  readonly delay: number
  /** Where the figures go as JSON. */
  readonly json: string | null
}

/** A command line that cannot be followed, in one sentence. */
export class FlagError extends Error {
  override readonly name = 'FlagError'
}

const OPTIONS = {
  connections: { type: 'string' },
  duration: { type: 'string' },
  max: { type: 'string' },
  delay: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options']

/** What is measured when a flag is not given. */
export const DEFAULTS = { connections: 1000, duration: 10, max: 50, delay: 0 } as const

const SEE = 'See connpool demo --help.'

/**
 * Reads the arguments after `connpool demo`.
 * @throws FlagError
 */
export function parseDemoFlags(args: readonly string[]): DemoFlags | 'help' {
  const { values, tokens } = parseArgs({
    args: joinNegatives(args),
    options: OPTIONS,
    strict: false,
    tokens: true,
  })
  const given = new Set<string>()
  for (const token of tokens) {
    if (token.kind === 'positional') {
      throw new FlagError(
        `connpool demo takes no argument "${token.value}". ${SEE} After npm start, flags come ` +
          'behind a --: npm start -- --delay 5.',
      )
    }
    if (token.kind !== 'option') continue
    if (!Object.hasOwn(OPTIONS, token.name)) {
      throw new FlagError(`There is no flag ${token.rawName}. ${SEE}`)
    }
    if (given.has(token.name)) throw new FlagError(`${token.rawName} is given twice.`)
    given.add(token.name)
    if (token.name === 'help') {
      if (token.value !== undefined) throw new FlagError(`${token.rawName} takes no value.`)
    } else if (!token.value || (!token.inlineValue && token.value.startsWith('--'))) {
      throw new FlagError(`${token.rawName} needs a value. ${SEE}`)
    }
  }
  if (values.help === true) return 'help'
  return {
    connections: whole('connections', values.connections, DEFAULTS.connections, 1, 20_000),
    duration: decimal('duration', values.duration, DEFAULTS.duration, 0.1, 600),
    max: whole('max', values.max, DEFAULTS.max, 1, 20_000),
    delay: whole('delay', values.delay, DEFAULTS.delay, 0, 60_000),
    json: typeof values.json === 'string' ? values.json : null,
  }
}

/** `--max -1` is a number out of range, not a flag named -1. */
function joinNegatives(args: readonly string[]): string[] {
  const joined: string[] = []
  for (const arg of args) {
    const last = joined.at(-1)
    if (/^-\d/.test(arg) && last?.startsWith('--') === true && !last.includes('=')) {
      joined[joined.length - 1] = `${last}=${arg}`
    } else joined.push(arg)
  }
  return joined
}

function decimal(name: string, given: unknown, unset: number, from: number, to: number): number {
  if (given === undefined) return unset
  const value = typeof given === 'string' && /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : NaN
  if (value >= from && value <= to) return value
  throw new FlagError(`--${name} must be a number from ${from} to ${to}, not "${given}".`)
}

function whole(name: string, given: unknown, unset: number, from: number, to: number): number {
  if (given === undefined) return unset
  const value = typeof given === 'string' && /^-?\d+$/.test(given) ? Number(given) : NaN
  if (value >= from && value <= to) return value
  throw new FlagError(`--${name} must be a whole number from ${from} to ${to}, not "${given}".`)
}
