import type { Socket } from 'node:net'
import { Fault } from '../fault.ts'

/**
 * Writes what is to be echoed, and resolves once as many bytes have come back. It leaves no listener behind. When it rejects,
 * the socket is in an unknown state.
 */
export function roundTrip(socket: Socket, payload: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = payload.length
    const leave = (): void => {
      socket.removeListener('data', onData)
      socket.removeListener('close', onClose)
    }
    const onData = (chunk: Buffer): void => {
      missing -= chunk.length
      if (missing > 0) return
      leave()
      if (missing === 0) resolve()
      else reject(new Fault('the echo is longer than what was sent'))
    }
    const onClose = (): void => {
      leave()
      reject(socket.errored ?? new Fault('the connection closed before the echo was whole'))
    }
    if (socket.destroyed) return onClose()
    socket.on('data', onData)
    socket.on('close', onClose)
    socket.write(payload)
  })
}
