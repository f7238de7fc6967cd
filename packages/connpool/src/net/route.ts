import type { Duplex } from 'node:stream'
import type { Clock } from '../pool/clock.ts'
import { showAddress } from './address.ts'
import type { AddressBook } from './address-book.ts'
import { type DialAddress, type DialOptions, dial } from './dial.ts'
import type { Phases } from './phases.ts'
import { race } from './race.ts'

/** A stream that was dialled, and where it leads. */
export interface Dialled {
  readonly stream: Duplex
  readonly address: string
}

/** A way to the server: everything up to a connected stream. */
export type Route = (phases: Phases) => Promise<Dialled>

/** To the one address that there is. */
export function toAddress(to: DialAddress, options: DialOptions): Route {
  const address = showAddress(to)
  return (phases) =>
    phases.run('connect', address, async (signal) => ({
      stream: await dial(to, options, signal),
      address,
    }))
}

/** To whichever address of a host name answers first. */
export function toName(book: AddressBook, options: DialOptions, clock: Required<Clock>): Route {
  const { name, port } = book
  const show = (host: string) => book.show(host)
  return async (phases) => {
    const addresses = await phases.run('lookup', name, (signal) => book.take(signal))
    const [only = name] = addresses
    const place = addresses.length === 1 ? show(only) : name
    const { socket, address } = await phases.run('connect', place, (signal) =>
      race(
        {
          addresses,
          dial: (host, signal) => dial({ host, port }, options, signal),
          dialled: (host, connected) => book.dialled(host, connected),
          show,
        },
        clock,
        signal,
      ),
    )
    return { stream: socket, address: show(address) }
  }
}
