import type { FailureClass } from '../core/backoff.ts'
import type { CloseReason } from '../core/slot.ts'

/** Where in the making of a connection an error arose. */
export type ConnectPhase = 'create' | 'lookup' | 'connect' | 'tls' | 'handshake'

/** Where an error came from that `isFatal` is asked about. */
export type ErrorOrigin = 'use' | 'destroy' | 'died' | 'probe' | 'reset'

/** What `create` is given. */
export interface CreateContext {
  /** Aborts when the connection is not wanted any more, or took longer than `createTimeoutMs`. */
  readonly signal: AbortSignal
  /**
   * To be called when the connection has died, at any time and from any state; late and repeated
   * calls change nothing. A lent one is closed under its borrower, whose `lease.signal` aborts.
   */
  readonly died: (error?: unknown) => void
}

/** What `probe` and `reset` are given. */
export interface OperationContext {
  /** Aborts when the answer comes too late, or the connection is closed for another reason. */
  readonly signal: AbortSignal
}

/** What `classify` is told about an error. */
export interface FailureContext {
  readonly phase: ConnectPhase
  /** The address that was dialled, where there was one. */
  readonly address?: string
}

/** What the pool asks of the world about its connections: four verbs, and a few hints. */
export interface Source<T> {
  /**
   * Opens a connection. A result that arrives after `signal` aborted is destroyed, not lost.
   * What it throws is a failed dial, classified by `classify`.
   */
  create(context: CreateContext): Promise<T> | T
  /**
   * Asks whether a connection lives: yes, unless it throws, rejects, resolves to `false` or takes
   * longer than `probeTimeoutMs`.
   */
  probe?(connection: T, context: OperationContext): unknown
  /**
   * Makes a returned connection clean for the next borrower. When it throws, rejects or takes longer
   * than `resetTimeoutMs` the connection is destroyed. Not together with `maxLeases` over 1.
   */
  reset?(connection: T, context: OperationContext): unknown
  /**
   * Closes a connection. Its place is free once this settled, or after `destroyTimeoutMs`; what it
   * throws is reported once by a process warning.
   */
  destroy(connection: T, reason: CloseReason, error?: unknown): unknown
  /** An idle connection that was told `unref` is lent: it should hold the process. */
  ref?(connection: T): void
  /** The connection is idle at the end of a turn of the loop: it should not hold the process. */
  unref?(connection: T): void
  /** What kind of trouble an error means; `undefined`, and what is no class, leaves it to the pool. */
  classify?(error: unknown, context: FailureContext): FailureClass | undefined
  /** On `true` an error means that every connection of the pool is broken: all are invalidated. */
  isFatal?(error: unknown, from: ErrorOrigin): boolean
}

/** The verbs alone, whatever else the options hold; methods of an object keep it as their `this`. */
export function sourceOf<T>(verbs: Source<T>, owner: unknown): Source<T> {
  const { create, destroy, probe, reset, ref, unref, classify, isFatal } = verbs
  return Object.freeze({
    create: create.bind(owner),
    destroy: destroy.bind(owner),
    ...(probe !== undefined && { probe: probe.bind(owner) }),
    ...(reset !== undefined && { reset: reset.bind(owner) }),
    ...(ref !== undefined && { ref: ref.bind(owner) }),
    ...(unref !== undefined && { unref: unref.bind(owner) }),
    ...(classify !== undefined && { classify: classify.bind(owner) }),
    ...(isFatal !== undefined && { isFatal: isFatal.bind(owner) }),
  })
}
