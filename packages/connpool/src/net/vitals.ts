import type { Duplex } from 'node:stream'

// What a stream's own state tells of it, in about a nanosecond; as new as the last poll for I/O.

/** Neither ended nor closed, as far as the loop has seen. */
export function isAlive(stream: Duplex): boolean {
  return !stream.destroyed && !stream.readableEnded && stream.writable
}

/** Alive, and nothing in it that its next borrower would read. */
export function isSound(stream: Duplex): boolean {
  return isAlive(stream) && stream.readableLength === 0
}
