import type { Socket } from 'node:net'
import type { Connection } from './connection.ts'

/** How connections are made, asked and closed: what the user of a pool writes. */
export interface Supply<C extends Connection> {
  /** Opens the next one. */
  create(): Promise<C>
  /** Resolves once it is closed. */
  close(connection: C): Promise<void>
  /** Resolves to whether it lives. Asked before each lease of an idle one. */
  readonly probe: ((connection: C) => Promise<boolean>) | undefined
  /** Makes it clean for the next borrower. */
  readonly reset: ((connection: C) => Promise<void>) | undefined
}

/** How large, and for how long. Each adapter sets as much of it as its pool has options for. */
export interface Limits {
  readonly min: number
  readonly max: number
  readonly acquireTimeoutMs: number
  /** Time that a `create`, a `probe` and a `close` may take, each. Undefined: what the pool gives by itself. */
  readonly stepTimeoutMs: number | undefined
  /** Acquires that may wait. Undefined: as many as like. */
  readonly maxWaiters: number | undefined
  /** False: nobody listens to the pool's own events. */
  readonly heard: boolean
}

/** The right to use a connection. */
export interface Lease<C extends Connection> {
  readonly connection: C
  release(): void
  /** Says that the connection is broken. */
  destroy(): void
}

/** One pool, reduced to the verbs that the rows call. An adapter passes them straight through. */
export interface Contestant<C extends Connection> {
  acquire(): Promise<Lease<C>>
  /** Absent where an acquire cannot be withdrawn. */
  acquireUntil?(signal: AbortSignal): Promise<Lease<C>>
  /** Acquires in the most direct form that the pool has: with a callback where it takes one. */
  acquireThen(then: (lease: Lease<C>) => void): void
  /** Gives holders `graceMs`, where the pool can. */
  close(graceMs: number): Promise<void>
}

/** What a pool may lack altogether. */
export type Feature = 'health check' | 'reset' | 'queue limit' | 'time limit for close'

/** A pool that can be opened. Its package is loaded only in the process that tries it. */
export interface Entrant {
  /** Also that of its npm package. */
  readonly name: string
  readonly lacks: readonly Feature[]
  /** What its user has to do so that a connection that fails while idle harms nobody; '' for nothing. */
  readonly duty: string
  open<C extends Connection>(supply: Supply<C>, limits: Limits): Promise<Contestant<C>>
  /** Opens a pool of sockets to that port of 127.0.0.1. Absent: `open`, with a supply that dials and asks. */
  openSockets?(port: number, limits: Limits): Promise<Contestant<Socket>>
}
