/** How the gateway reaches the payment API. */
export const MODES = ['new', 'agent', 'connpool'] as const

export type Mode = (typeof MODES)[number]

/** The gateway's way to the payment API, the one thing in which the modes differ. */
export interface Upstream {
  /** Asks once; resolves with the body of the reply. */
  ask(): Promise<Buffer>
  /** Connections opened so far. */
  opened(): number
}

export interface UpstreamConfig {
  readonly port: number
  /** The most connections open at a time; a new connection each time knows no such bound. */
  readonly max: number
  /** Hears, for each answered request, how many milliseconds it had a connection for itself. */
  readonly held: (ms: number) => void
}

/** What the gateway asks for. */
export const PATH = '/v1/payments/42'
