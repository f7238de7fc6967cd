import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** The sockets that are made to dial from now on. */
export function socketsMade(t: TestContext): readonly Socket[] {
  const made: Socket[] = []
  const note = (message: unknown) => made.push((message as { socket: Socket }).socket)
  subscribe('net.client.socket', note)
  t.after(() => unsubscribe('net.client.socket', note))
  return made
}
