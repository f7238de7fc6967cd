import type { Socket } from 'node:net'
import { Reply } from './reply.ts'
import { ReplyError } from './reply-head.ts'

/**
 * One HTTP/1.1 exchange over a lent socket: the request is written, the reply read to its content length.
 * When it rejects, the socket is in an unknown state and its lease must be destroyed; so it must when the
 * reply `closes`. It leaves no listener behind.
 */
export function exchange(socket: Socket, request: Uint8Array): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const reply = new Reply()
    const leave = (): void => {
      socket.removeListener('data', onData)
      socket.removeListener('close', onClose)
    }
    const onData = (chunk: Buffer): void => {
      try {
        if (!reply.push(chunk)) return
      } catch (error) {
        leave()
        reject(error)
        return
      }
      leave()
      resolve(reply)
    }
    // 'close' follows every way to end: 'error', a reset, the server's FIN in the middle of a reply.
    const onClose = (): void => {
      leave()
      reject(socket.errored ?? new ReplyError('the connection closed before the reply was whole'))
    }
    if (socket.destroyed) return onClose()
    socket.on('data', onData)
    socket.on('close', onClose)
    socket.write(request)
  })
}
