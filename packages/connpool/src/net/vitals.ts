import type { Duplex } from 'node:stream'

// What a stream's own state tells of it, in about a nanosecond; as new as the last poll for I/O.

/** What Node's types do not tell of a stream. */
interface Inside {
  readonly _readableState?: { readonly ended?: unknown }
}

/** Neither ended nor closed, as far as the loop has seen. */
export function isAlive(stream: Duplex): boolean {
  return !stream.destroyed && !stream.readableEnded && stream.writable
}

/** Its peer has ended it, though what came before may be unread: of that only Node's own state tells. */
export function hasEnded(stream: Duplex & Inside): boolean {
  return stream.readableEnded || stream._readableState?.ended === true
}

/** Alive, and nothing in it that its next borrower would read. */
export function isSound(stream: Duplex): boolean {
  return isAlive(stream) && stream.readableLength === 0
}
