import type { Socket } from 'node:net'

/** Resolves once it is closed, whatever became of it. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.on('close', () => resolve())
  })
}
