import type { Socket } from 'node:net'

/** The next line that the server sends. Throws if the connection ends first. */
export async function readLine(socket: Socket): Promise<string> {
  let line = ''
  // Leaving the loop must not destroy the socket: others will borrow it.
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    line += String(chunk)
    if (line.endsWith('\n')) return line.trimEnd()
  }
  throw new Error('the server hung up in the middle of a line')
}
