import type { Socket } from 'node:net'

const NEWLINE = 0x0a

/** The next line that the server sends, which sends one at a time. Throws if the connection ends first. */
export async function readLine(socket: Socket): Promise<string> {
  const parts: Buffer[] = []
  // Leaving the loop must not destroy the socket: others will borrow it.
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    parts.push(bytes)
    // Decoded once it is whole: a letter may arrive in two parts.
    if (bytes.at(-1) === NEWLINE) return String(Buffer.concat(parts)).slice(0, -1)
  }
  throw new Error('the server hung up in the middle of a line')
}
