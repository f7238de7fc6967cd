import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'

/** Bytes of an id on the wire: the lower-case hexadecimal digits of 4 random bytes. */
export const ID_LENGTH = 8

const RANDOM_BYTES = ID_LENGTH / 2
const ID: RegExp = /^[\da-f]{8}$/

/** Draws an id. It tells connections apart and is no secret: it goes over the wire as it is. */
export type DrawId = () => string

export const drawId: DrawId = () => randomBytes(RANDOM_BYTES).toString('hex')

export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value)
}

/**
 * Reads the id that the server sends first, and not a byte more: what it sent behind it is for the
 * borrower.
 * @throws an error that says what came instead, or the reason of `signal`; by rejecting.
 */
export function readId(stream: Duplex, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let short = 0
    const leave = () => {
      signal.removeEventListener('abort', abort)
      stream.removeListener('readable', look)
      stream.removeListener('end', ended)
      stream.removeListener('close', ended)
    }
    const abort = () => {
      leave()
      reject(signal.reason)
    }
    const ended = () => {
      leave()
      reject(stream.errored ?? new Error(`the server ended it after ${partOf(short)}`))
    }
    const look = () => {
      const bytes: unknown = stream.read(ID_LENGTH)
      if (!(bytes instanceof Uint8Array)) return
      short = bytes.length
      if (short < ID_LENGTH) return // It has ended, and this is all that there was.
      leave()
      const id = Buffer.from(bytes).toString('latin1')
      if (isId(id)) resolve(id)
      else reject(notAnId(id))
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    stream.on('end', ended)
    stream.on('close', ended)
    stream.on('readable', look)
    look()
  })
}

function partOf(bytes: number): string {
  return bytes === 0 ? 'no id' : `${bytes} of the ${ID_LENGTH} bytes of an id`
}

function notAnId(found: string): Error {
  const what = `the server sent ${JSON.stringify(found)}, which is no id of ${ID_LENGTH} hexadecimal digits`
  return Object.assign(
    new Error(`${what}: is it one of these servers, and is TLS on at both ends or at none?`),
    {
      code: 'ERR_INVALID_ID',
    },
  )
}
