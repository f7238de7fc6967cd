import type { Socket } from 'node:net'
import { Fault } from '../fault.ts'

/** A reply that was read to its end. */
export interface Reply {
  readonly body: Buffer
  /** The server will close: the connection must not be used again. */
  readonly closes: boolean
}

/**
 * One HTTP/1.1 exchange over a lent socket: the request is written, the reply read to its content length. It leaves no listener
 * behind. When it rejects, the socket is in an unknown state.
 */
export function exchange(socket: Socket, request: Uint8Array): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let bytes: Buffer | null = null
    const leave = (): void => {
      socket.removeListener('data', onData)
      socket.removeListener('close', onClose)
    }
    const onData = (chunk: Buffer): void => {
      bytes = bytes === null ? chunk : Buffer.concat([bytes, chunk])
      try {
        const reply = read(bytes)
        if (reply === null) return
        leave()
        resolve(reply)
      } catch (error) {
        leave()
        reject(error)
      }
    }
    const onClose = (): void => {
      leave()
      reject(socket.errored ?? new Fault('the connection closed before the reply was whole'))
    }
    if (socket.destroyed) return onClose()
    socket.on('data', onData)
    socket.on('close', onClose)
    socket.write(request)
  })
}

/** The reply that the bytes are, or null while it is not whole. Throws where it is none, or more than one. */
function read(bytes: Buffer): Reply | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return null
  const head = bytes.toString('latin1', 0, end)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (!head.startsWith('HTTP/1.1 200 ') || length === undefined) {
    throw new Fault(`no reply with a status of 200 and a length: ${head.slice(0, 40)}`)
  }
  const missing = end + 4 + Number(length) - bytes.length
  if (missing > 0) return null
  if (missing < 0) throw new Fault(`${-missing} bytes follow the reply`)
  return { body: bytes.subarray(end + 4), closes: /\r\nconnection: *close/i.test(head) }
}
