import type { Socket } from 'node:net'
import type { Lease } from 'connpool'
import { Ledger } from './ledger.ts'

/**
 * A client's session over a connection of its own. Resolves when it is over, and says whether the
 * connection is sound: what was agreed on it meanwhile the pool's `reset` undoes, but where anything
 * is still owed nothing makes it clean.
 */
export function runSession(client: Socket, lease: Lease<Socket>): Promise<boolean> {
  return new Promise((resolve) => {
    const server = lease.connection
    const recall = lease.signal
    const ledger = new Ledger()

    const listeners: readonly [Socket, string, (bytes: Buffer) => void][] = [
      [client, 'data', (bytes) => pass(client, server, () => ledger.asked(bytes))],
      [server, 'data', (bytes) => pass(server, client, () => ledger.answered(bytes))],
      [client, 'drain', () => server.resume()],
      [server, 'drain', () => client.resume()],
      [client, 'end', () => end(ledger.isEven)],
      [client, 'close', () => end(ledger.isEven)],
      [server, 'end', () => end(false)],
      [server, 'close', () => end(false)],
    ]
    for (const [socket, event, act] of listeners) socket.on(event, act)
    recall.addEventListener('abort', endIfEven)
    if (client.destroyed) end(true)
    else if (recall.aborted) endIfEven()

    function pass(from: Socket, to: Socket, note: () => Buffer): void {
      try {
        if (!to.write(note())) from.pause()
      } catch (error) {
        client.write(`-ERR proxy: ${String(error)}\r\n`)
        return end(false)
      }
      endIfEven()
    }

    /** One who takes his leave, and a pool that wants its connection back, wait for what is owed. */
    function endIfEven(): void {
      if (ledger.hasQuit && ledger.isEven) {
        client.write('+OK\r\n')
        end(true)
      } else if (recall.aborted && (ledger.isEven || !ledger.isCountable)) {
        end(ledger.isEven)
      }
    }

    function end(sound: boolean): void {
      for (const [socket, event, act] of listeners) socket.off(event, act)
      recall.removeEventListener('abort', endIfEven)
      client.destroySoon()
      resolve(sound)
    }
  })
}
