import type { Duplex } from 'node:stream'

/**
 * Has an error of a stream end that stream, and not the process, as it would without a listener. One
 * of TLS errs and stays open, and looks alive: its server turned us away after the handshake.
 */
export function endureErrors(stream: Duplex): void {
  stream.on('error', endure)
}

function endure(this: Duplex, error: Error): void {
  if (!this.destroyed) this.destroy(error)
}
