import type { Duplex } from 'node:stream'

/**
 * Has an error of a stream end that stream, and not the process, as it would without a listener. One
 * of TLS errs and stays open, and looks alive: its server turned us away after the handshake.
 */
export function endureErrors(stream: Duplex): void {
  stream.on('error', endure)
}

/** Destroys a stream, whoever took its listeners off: some err when they are destroyed. */
export function discard(stream: Duplex): void {
  endureErrors(stream)
  stream.destroy()
}

function endure(this: Duplex, error: Error): void {
  if (!this.destroyed) this.destroy(error)
}
