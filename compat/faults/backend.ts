import type { Pool } from 'connpool'
import type { Ledger } from './ledger.ts'

/** A real server, what can be done to it, and how a pool of connections to it is used. */
export interface Backend<T> {
  /** Such as `Redis 7.0.15`. */
  readonly version: string
  readonly port: number

  /** A pool as a user of this server would set it up. Its sockets are entered in the ledger. */
  open(ledger: Ledger): Pool<T>
  /** Sends a number, and resolves with what the server makes of it: the same. */
  ask(connection: T, number: number): Promise<string>

  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>
  /** Ends it in good order. Resolves when it has ended. */
  quit(): Promise<void>
  /** Starts it again. Resolves when it serves. */
  start(): Promise<void>
  /** SIGSTOP. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** Ends the pool's connections, and turns away new ones. Resolves when the old ones are gone. */
  refuse(): Promise<void>
  /** Takes new ones again. Resolves when it does. */
  admit(): Promise<void>

  /** How many connections of the pool's it has. Waits a while for it to be so many; undefined: it is not, and cannot be told. */
  count(expected: number): Promise<number | undefined>
}

/** Of all pools: more borrowers than connections. Whatever else is not said is the default. */
export const MAX = 8
/** So that a server that says nothing does not cost the 5 s of the default. */
export const CREATE_TIMEOUT_MS = 1_000
export const PROBE_TIMEOUT_MS = 500
