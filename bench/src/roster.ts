import type { Contestant, Setup } from './contestant.ts'

/** A contestant that can be opened. Its package is loaded only in the process that measures it. */
export interface Entrant {
  readonly name: string
  /** What it is, in the table. */
  readonly title: string
  /** The npm package whose version belongs beside the figure; null for a floor. */
  readonly packageName: string | null
  /** How the census may count it: one floor has no queue, and one lends nothing at all. */
  readonly lends: 'to waiters' | 'what is idle' | 'nothing'
  readonly open: (setup: Setup) => Promise<Contestant>
}

export const roster: readonly Entrant[] = [
  {
    name: 'connpool',
    title: 'connpool',
    packageName: 'connpool',
    lends: 'to waiters',
    open: async (setup) =>
      new (await import('./contestants/connpool.ts')).ConnpoolContestant(setup),
  },
  {
    name: 'generic-pool',
    title: 'generic-pool',
    packageName: 'generic-pool',
    lends: 'to waiters',
    open: async (setup) =>
      new (await import('./contestants/generic-pool.ts')).GenericPoolContestant(setup),
  },
  {
    name: 'lightning-pool',
    title: 'lightning-pool',
    packageName: 'lightning-pool',
    lends: 'to waiters',
    open: async (setup) =>
      new (await import('./contestants/lightning-pool.ts')).LightningPoolContestant(setup),
  },
  {
    name: 'tarn',
    title: 'tarn',
    packageName: 'tarn',
    lends: 'to waiters',
    open: async (setup) => new (await import('./contestants/tarn.ts')).TarnContestant(setup),
  },
  {
    name: 'sequelize-pool',
    title: 'sequelize-pool',
    packageName: 'sequelize-pool',
    lends: 'to waiters',
    open: async (setup) =>
      new (await import('./contestants/sequelize-pool.ts')).SequelizePoolContestant(setup),
  },
  {
    name: 'pg-pool',
    title: 'pg-pool',
    packageName: 'pg-pool',
    lends: 'to waiters',
    open: async (setup) => new (await import('./contestants/pg-pool.ts')).PgPoolContestant(setup),
  },
  {
    name: 'mysql2',
    title: 'mysql2',
    packageName: 'mysql2',
    lends: 'to waiters',
    open: async (setup) => (await import('./contestants/mysql2.ts')).Mysql2Contestant.open(setup),
  },
  {
    name: 'mongodb',
    title: 'mongodb',
    packageName: 'mongodb',
    lends: 'to waiters',
    open: async (setup) => (await import('./contestants/mongodb.ts')).MongodbContestant.open(setup),
  },
  {
    name: 'effect',
    title: 'effect',
    packageName: 'effect',
    lends: 'to waiters',
    open: async (setup) => new (await import('./contestants/effect.ts')).EffectContestant(setup),
  },
  {
    name: 'connpool-10',
    title: 'floor: connpool, 10 idle',
    packageName: null,
    lends: 'to waiters',
    open: async (setup) =>
      new (await import('./contestants/connpool.ts')).ConnpoolContestant(setup),
  },
  {
    name: 'stack',
    title: 'floor: stack',
    packageName: null,
    lends: 'what is idle',
    open: async (setup) => new (await import('./contestants/stack-floor.ts')).StackFloor(setup),
  },
  {
    name: 'await',
    title: 'floor: resolved await',
    packageName: null,
    lends: 'nothing',
    open: async (setup) => new (await import('./contestants/await-floor.ts')).AwaitFloor(setup),
  },
  {
    name: 'queue',
    title: 'floor: stack + queue',
    packageName: null,
    lends: 'to waiters',
    open: async (setup) => new (await import('./contestants/queue-floor.ts')).QueueFloor(setup),
  },
  {
    name: 'connpool-tcp',
    title: 'connpool, TCP',
    packageName: 'connpool',
    lends: 'to waiters',
    open: async (setup) =>
      (await import('./contestants/connpool-tcp.ts')).ConnpoolTcpContestant.open(setup),
  },
  {
    name: 'sockets',
    title: 'floor: sockets',
    packageName: null,
    lends: 'what is idle',
    open: async (setup) => (await import('./contestants/socket-floor.ts')).SocketFloor.open(setup),
  },
  {
    name: 'bare-sockets',
    title: 'floor: bare sockets',
    packageName: null,
    lends: 'what is idle',
    open: async (setup) => (await import('./contestants/bare-sockets.ts')).BareSockets.open(setup),
  },
]

/** Whether a failure of the entrant is ours to mend: that of connpool, or of a floor. */
export function isOurs({ packageName }: Entrant): boolean {
  return packageName === null || packageName === 'connpool'
}

/** The entrant of that name. Throws for an unknown one. */
export function findEntrant(name: string): Entrant {
  const found = roster.find((entrant) => entrant.name === name)
  if (found === undefined) throw new RangeError(`no contestant is called '${name}'`)
  return found
}
