import type { LoadName } from './load.ts'

/** How much a run with sockets may take. */
export interface WireBudget {
  /** Everybody is measured so often. */
  readonly rounds: number
  /** And each time for so long. */
  readonly seconds: number
  /** After so long that counts for nothing. */
  readonly warmUpSeconds: number
  /** Clients of the gateway. */
  readonly clients: number
  /** Connections of the gateway, at most. */
  readonly max: number
  /** What makes the requests to the gateway. */
  readonly load: LoadName
}

/** For figures. */
export const fullWireBudget: WireBudget = {
  rounds: 9,
  seconds: 2,
  // A pool is more code than a stack of sockets, and is compiled later: in the first second it is slower.
  warmUpSeconds: 3,
  clients: 1_000,
  max: 50,
  load: 'autocannon',
}

/** To see that everything runs; its figures mean nothing. */
export const quickWireBudget: WireBudget = {
  ...fullWireBudget,
  rounds: 1,
  seconds: 0.2,
  warmUpSeconds: 0.1,
  clients: 20,
  max: 5,
}
