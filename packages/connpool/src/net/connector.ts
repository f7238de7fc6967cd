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

/** How the connections of a pool are made. */
export interface ConnectPlan {
  readonly route: Route
  /** null: the connection stays plain. */
  readonly tls: TlsSettings | null
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
  { route, tls, handshake, limits, clock, custody }: ConnectPlan,
  { signal, died }: CreateContext,
): Promise<Duplex> {
  const phases = new Phases(limits, clock, signal)
  const dialled = await route(phases)
  const { address } = dialled
  let { stream } = dialled
  try {
    if (tls !== null) {
      stream = await phases.run('tls', address, (signal) =>
        secure(dialled.stream, tls, address, signal),
      )
    }
    if (handshake !== undefined) {
      stream = await phases.run('handshake', address, (signal) =>
        shakeHands({ stream, address }, handshake, signal),
      )
    }
    custody.enter(stream, { address, timings: phases.timings }, died, dialled.stream)
    return stream
  } catch (error) {
    discard(stream)
    throw error
  }
}
