import type { Duplex } from 'node:stream'
import type { Clock } from '../pool/clock.ts'
import type { CreateContext } from '../pool/source.ts'
import { discard } from './endure-errors.ts'
import { type Handshake, shakeHands } from './handshake.ts'
import { type PhaseLimits, Phases } from './phases.ts'
import type { Route } from './route.ts'
import { secure } from './secure.ts'
import type { SocketCustody } from './socket-custody.ts'
import type { TlsSettings } from './tls-options.ts'

/** How connections come by names that their other ends know. */
export interface Naming {
  /** Agrees with the other end on a name, ahead of the handshake; it is taken from then on. */
  name(stream: Duplex, signal: AbortSignal): Promise<string>
  /** The connection of that name came to nothing. */
  free(name: string): void
}

/** How the connections of a pool are made. */
export interface ConnectPlan {
  readonly route: Route
  /** null: the connection stays plain. */
  readonly tls: TlsSettings | null
  /** null: connections have no names. */
  readonly naming: Naming | null
  readonly handshake: Handshake<Duplex> | undefined
  readonly limits: PhaseLimits
  readonly clock: Required<Clock>
  readonly custody: SocketCustody
}

/**
 * Makes a connection: dial, TLS, handshake, one straight line under one signal. Each failure notes
 * where it arose, and leaves no socket.
 */
export async function connectStream(
  { route, tls, naming, handshake, limits, clock, custody }: ConnectPlan,
  { signal, died }: CreateContext,
): Promise<Duplex> {
  const phases = new Phases(limits, clock, signal)
  const dialled = await route(phases)
  const { address } = dialled
  let { stream } = dialled
  let name: string | null = null
  try {
    if (tls !== null) {
      stream = await phases.run('tls', address, (signal) =>
        secure(dialled.stream, tls, address, signal),
      )
    }
    if (naming !== null || handshake !== undefined) {
      stream = await phases.run('handshake', address, async (signal) => {
        if (naming !== null) name = await naming.name(stream, signal)
        return handshake === undefined
          ? stream
          : await shakeHands({ stream, address }, handshake, signal)
      })
    }
    const named = name === null ? {} : { name }
    custody.enter(stream, { ...named, address, timings: phases.timings }, died, dialled.stream)
    return stream
  } catch (error) {
    if (name !== null) naming?.free(name)
    discard(stream)
    throw error
  }
}
