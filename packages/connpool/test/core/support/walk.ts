import type { Limits } from '../../../src/core/limits.ts'
import { seeded } from '../../support/seeded.ts'
import { goHome, prosper } from './futures.ts'
import { repetitions, staleAnswers } from './stale.ts'
import { type Connection, type Ticket, World } from './world.ts'

/** One step of a walk. Its seed draws all that it leaves open, so that steps can be left out. */
export interface Step {
  readonly kind: Kind
  readonly seed: number
  /** How often the world answers or meddles inside an effect, 0 to 1. */
  readonly haste: number
  /** Nobody looks at the pool after it: what it puts off until somebody does stays undone. */
  readonly unseen: boolean
}

export interface Walk {
  readonly options: Partial<Limits>
  readonly steps: readonly Step[]
}

type Random = () => number

function pick<T>(random: Random, choices: readonly T[]): T | undefined {
  return choices[Math.floor(random() * choices.length)]
}

function oneOf<T>(random: Random, ...choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0]
}

const classes = ['backend', 'config', 'local', 'overload'] as const

/** What the world does by itself, or somebody asks for. */
const moves = {
  acquire: (world, random) => {
    world.acquire({
      priority: oneOf(random, 0, 0, 0, 3, 7),
      timeoutMs: oneOf(random, Infinity, 1_000, 60, 10, 0),
      yielded: random() < 0.1,
    })
  },
  tryAcquire: (world) => {
    world.tryAcquire()
  },
  acquireNamed: (world, random) => {
    const connection = random() < 0.2 ? undefined : pick(random, world.connections)
    world.acquireNamed(connection ?? null, oneOf(random, Infinity, 100, 0))
  },
  serveNamed: (world, random) => {
    const ticket = pick(random, world.truth.claiming)
    const connection = pick(random, world.connections)
    if (ticket !== undefined && connection !== undefined) world.serveNamed(ticket, connection)
  },
  ready: (world, random) => {
    world.ready(oneOf(random, Infinity, 100))
  },
  cancel: (world, random) => {
    const ticket = pick(random, [...world.waiting, ...world.truth.claiming])
    if (ticket !== undefined) world.cancel(ticket)
  },
  release: (world, random) => {
    const ticket = pick(random, world.held)
    if (ticket === undefined) return
    const unclean = world.limits.resets && random() < 0.7
    const unsent = random() < 0.1
    world.release(ticket, { unclean, unsent, idleForMs: oneOf(random, Infinity, Infinity, 20) })
  },
  destroyLease: (world, random) => {
    const ticket = pick(random, world.held)
    if (ticket !== undefined) world.destroyLease(ticket, oneOf(random, 'destroyed', 'unreleased'))
  },
  detach: (world, random) => {
    const ticket = pick(random, world.held)
    if (ticket !== undefined && world.limits.maxLeases === 1) world.detach(ticket)
  },
  opened: (world, random) => {
    const dial = pick(random, world.running)
    if (dial !== undefined) world.opened(dial)
  },
  failed: (world, random) => {
    const dial = pick(random, world.running)
    if (dial !== undefined) world.failed(oneOf(random, ...classes), dial)
  },
  dies: (world, random) => {
    const living = world.connections.filter((c) => !c.gone && c.dial !== 'failed')
    const connection = pick(random, living)
    if (connection !== undefined) world.dies(connection, oneOf(random, ...classes))
  },
  diesInSilence: (world, random) => {
    const connection = pick(random, world.serving)
    if (connection === undefined) return
    if (random() < 0.5) connection.dead = true
    else connection.dirty = true
  },
  probed: (world, random) => {
    const connection = pick(random, world.asked('probe'))
    if (connection !== undefined) world.probed(random() < 0.6, connection)
  },
  cleaned: (world, random) => {
    const connection = pick(random, world.asked('reset'))
    if (connection !== undefined) world.cleaned(random() < 0.7, connection)
  },
  closed: (world, random) => {
    const connection = pick(random, world.destroying)
    if (connection !== undefined) world.closed(connection)
  },
  offer: (world) => {
    world.offer()
  },
  turn: (world, random) => {
    if (world.truth.turnAsked || random() < 0.1) {
      world.turn(() => {
        for (let left = random() * 3; left > 1; left--) meddle(world, random)
      })
    }
  },
  settle: (world) => world.settle(),
  advance: (world, random) => world.advance(oneOf(random, 1, 5, 20, 60, 100, 300, 1_500)),
  toNextAlarm: (world) => {
    const due = world.machine.nextDue()
    if (due !== Infinity) world.advance(Math.max(0, due - world.now))
  },
  resize: (world, random) => {
    const max = oneOf(random, 1, 2, 3, 5)
    const { maxIdle = max, minIdle } = world.limits
    if (minIdle > max) return
    world.resize(Math.floor(random() * (Math.min(max, maxIdle) + 1)), max)
  },
  expire: (world, random) => {
    const meant = world.connections.filter((c) => c.serving && random() < 0.5)
    world.expire(meant, oneOf(random, 0, 20, 300))
  },
  pause: (world) => world.pause(),
  resume: (world) => world.resume(),
  invalidate: (world) => world.invalidate(),
  close: (world, random) => world.close(oneOf(random, 0, 30, 1_000)),
  stale: (world, random) => stale(world, random),
} satisfies Record<string, (world: World, random: Random) => void>

type Kind = keyof typeof moves

/** The more often a word is here, the more often it happens. */
const frequent: readonly [Kind, ...Kind[]] = [
  'acquire',
  'acquire',
  'acquire',
  'acquire',
  'release',
  'release',
  'release',
  'release',
  'opened',
  'opened',
  'opened',
  'failed',
  'probed',
  'probed',
  'cleaned',
  'cleaned',
  'closed',
  'closed',
  'turn',
  'turn',
  'turn',
  'settle',
  'settle',
  'advance',
  'advance',
  'toNextAlarm',
  'cancel',
  'dies',
  'diesInSilence',
  'destroyLease',
  'tryAcquire',
  'stale',
]
const rare: readonly [Kind, ...Kind[]] = [
  'acquireNamed',
  'serveNamed',
  'serveNamed',
  'ready',
  'detach',
  'offer',
  'resize',
  'pause',
  'invalidate',
  'expire',
  'close',
]
/** What may happen inside an effect. */
const hasty: readonly [Kind, ...Kind[]] = [
  'acquire',
  'release',
  'tryAcquire',
  'cancel',
  'destroyLease',
  'dies',
]

/** One small thing, at once. */
function meddle(world: World, random: Random): void {
  const kind = random() < 0.7 ? oneOf(random, ...hasty) : oneOf<Kind>(random, 'resume', ...rare)
  moves[kind](world, random)
}

/** Answers an effect at once, or does something else in the middle of it. */
function reactTo(world: World, random: Random, effect: string, subject: unknown): void {
  const connection = subject as Connection
  if (random() < 0.5) meddle(world, random)
  else if (effect === 'open' && connection.dial === 'running') {
    if (random() < 0.7) world.opened(connection)
    else world.failed(oneOf(random, ...classes), connection)
  } else if (effect === 'abort' && connection.dial === 'running') world.failed('local', connection)
  else if (effect === 'destroy' && !connection.gone) world.closed(connection)
  else if (effect === 'probe' && connection.asked === 'probe') {
    world.probed(random() < 0.6, connection)
  } else if (effect === 'reset' && connection.asked === 'reset') {
    world.cleaned(random() < 0.7, connection)
  } else if (effect === 'grant') {
    const ticket = subject as Ticket
    if (!ticket.ended) world.release(ticket)
  }
}

/** Events that come late, doubled, or where they do not belong: none may change anything. */
function stale(world: World, random: Random): void {
  const connection = pick(random, world.connections)
  const answers = connection === undefined ? [] : staleAnswers(world, connection)
  for (const [what, act] of [...answers, ...repetitions(world)]) world.quiet(what, act)
}

/** A walk over random options. */
export function walkOf(seed: number, length = 60): Walk {
  const random = seeded(seed)
  const max = oneOf(random, 1, 2, 3, 1, 2, 3, 6)
  const maxIdle = oneOf(random, undefined, undefined, Math.ceil(random() * max))
  const maxLeases = oneOf(random, 1, 1, 2, 3)
  const most = (maxIdle ?? max) + 1
  const maybe = random() < 0.5
  const options: Partial<Limits> = {
    max,
    maxIdle,
    maxLeases,
    min: oneOf(random, 0, 0, Math.floor(random() * most)),
    minIdle: oneOf(random, 0, 0, Math.floor(random() * most)),
    increment: oneOf(random, 1, 1, 2, 3),
    maxConnecting: oneOf(random, 4, 1, 2),
    maxWaiters: oneOf(random, Infinity, Infinity, 0, 2),
    maxUses: oneOf(random, Infinity, Infinity, 1, 2, 3),
    createTimeoutMs: oneOf(random, 5_000, 50),
    probeTimeoutMs: oneOf(random, 1_000, 40),
    resetTimeoutMs: oneOf(random, 1_000, 40),
    destroyTimeoutMs: oneOf(random, 5_000, 70),
    idleTimeoutMs: oneOf(random, Infinity, 30, 200),
    maxLifetimeMs: oneOf(random, Infinity, Infinity, 80, 400),
    lifetimeJitter: oneOf(random, 0, 0.1, 1),
    probes: maybe,
    probeAfterIdleMs: maybe ? oneOf(random, 0, 10, 100) : 500,
    probeEveryMs: maybe ? oneOf(random, Infinity, 25, 90) : Infinity,
    probeRetries: oneOf(random, 1, 2, 3),
    freshForMs: oneOf(random, 0, 0, 15),
    idleOrder: oneOf(random, 'lifo', 'fifo'),
    queueOrder: oneOf(random, 'fifo', 'fifo', 'adaptive-lifo'),
    backoff: {
      initialMs: oneOf(random, 10, 100),
      maxMs: 200,
      factor: 2,
      jitter: oneOf(random, 0, 1),
      failFastAfter: oneOf(random, 1, 2, 5),
    },
    resets: maxLeases === 1 && random() < 0.4,
    dials: random() < 0.95,
  }
  const haste = oneOf(random, 0, 0, 0.1, 0.4)
  const steps = Array.from({ length }, (): Step => {
    const isRare = random() < 0.08
    const kind = isRare ? oneOf(random, ...rare) : oneOf(random, ...frequent)
    // A paused pool that is never resumed teaches little, and a closed one less.
    const chosen = kind === 'close' && random() < 0.7 ? 'pause' : kind
    const unseen = random() < 0.3
    return { kind: chosen, seed: Math.floor(random() * 2 ** 31), haste, unseen }
  })
  return { options, steps }
}

/** Walks, and answers what went wrong, or null. */
export function run(
  { options, steps }: Walk,
  trace: (line: string) => void = () => undefined,
): Error | null {
  const world = new World(options, seeded(7))
  let doing = 'start'
  let lines = 0
  try {
    world.start()
    world.settled()
    for (const { kind, seed, haste, unseen } of steps) {
      world.judging = !unseen
      const random = seeded(seed)
      let depth = 0
      world.react = (effect, subject) => {
        if (depth >= 3 || random() >= haste) return
        depth++
        reactTo(world, random, effect, subject)
        depth--
      }
      doing = kind
      lines = world.log.length
      if (world.truth.paused && kind === 'pause') world.resume()
      else moves[kind](world, random)
      if (!unseen) world.settled()
      trace(`${world.now} ${kind}: ${world.log.slice(lines).join(', ')}`)
    }
    doing = 'go home'
    world.judging = true
    world.react = () => undefined
    prosper(world)
    goHome(world)
    return null
  } catch (error) {
    trace(`${world.now} ${doing}: ${world.log.slice(lines).join(', ')} <- here`)
    return error instanceof Error ? error : new Error(String(error))
  }
}
