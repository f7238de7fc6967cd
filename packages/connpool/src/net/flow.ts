import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'

/** A 'readable' listener. */
export type Ear = (this: Duplex) => void

/** What Node's types do not tell of a stream. */
interface Inside {
  readableFlowing: boolean | null
  readonly _readableState?: { readonly readableListening?: unknown }
}

/**
 * Makes a stream as a new one, neither flowing nor paused: flowing without a listener it would drop
 * what arrives, and left paused it would not flow for its next `data` listener. Nothing is left to be
 * done a tick later.
 */
export function still(stream: Duplex & Inside): void {
  stream.readableFlowing = true // So resume() ends a pause and starts nothing.
  if (stream.isPaused()) stream.resume()
  // Node takes a stream to be read whose listeners went with removeAllListeners; it counts at this.
  if (stream.listenerCount('data') === 0) stream.off('data', ignore)
  stream.readableFlowing = null
}

/**
 * Has `ear` told of bytes and of the end, of which it eats neither (law 15). The stream need not know that
 * somebody listens: told by its own `on`, it would not flow for whom it is lent to next, until a tick
 * after `ear` was taken off, and that tick would undo a `pause()` of the borrower's.
 */
export function listen(stream: Duplex, ear: Ear): void {
  stream.read(0) // From now on it tells of the next bytes, if it did not yet.
  EventEmitter.prototype.on.call(stream, 'readable', ear)
}

/** Ends what `listen` began; in the stream's own way where it has noticed `ear`, or may have. */
export function unlisten(stream: Duplex & Inside, ear: Ear): void {
  const unnoticed = stream._readableState?.readableListening === false
  if (unnoticed) EventEmitter.prototype.removeListener.call(stream, 'readable', ear)
  else stream.removeListener('readable', ear)
}

function ignore(): void {}
