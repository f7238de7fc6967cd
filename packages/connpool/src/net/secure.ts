import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { alertIn, arisenIn, codeOf } from '../pool/failure.ts'
import type { Session } from './sessions.ts'
import { type TlsAttempt, tlsFailure, wrongFingerprint } from './tls-failure.ts'
import type { TlsSettings } from './tls-options.ts'

/**
 * Puts TLS on a stream that is connected to `address`. Node verifies chain and name; the fingerprint
 * is compared here, for a resumed session too. The socket has one `error` listener for life, as a
 * dialled one has.
 * @throws an error that says which check failed, or the reason of `signal`, by rejecting; the stream
 * is destroyed then.
 */
export async function secure(
  stream: Duplex,
  settings: TlsSettings,
  address: string,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { sessions } = settings
  const attempt: TlsAttempt = { address, settings }
  const offered = sessions.newest(address)
  try {
    signal.throwIfAborted()
    // Node would wait for ever.
    if (stream.destroyed) throw new Error(`${address} closed the connection ahead of TLS`)
    const socket = begin(stream, settings, offered)
    socket.on('error', (error) => {
      // Node leaves a socket open which the server turns away after the handshake, as it does with
      // TLS 1.3 for our certificate. It is of no more use, and looks alive.
      if (socket.destroyed) return
      const refused = alertIn(codeOf(error)) !== undefined
      if (refused) sessions.drop(address)
      socket.destroy(refused ? arisenIn('tls', tlsFailure(error, attempt), address) : error)
    })
    const fingerprint = await established(socket, attempt, offered, signal)
    sessions.keepOf(socket, address, fingerprint, offered)
    return socket
  } catch (error) {
    sessions.drop(address)
    stream.destroy()
    throw error
  }
}

function begin(
  stream: Duplex,
  { context, verifies, name, alpnProtocols }: TlsSettings,
  offered: Session | undefined,
): TLSSocket {
  const socket = connect({
    socket: stream,
    secureContext: context,
    // Said aloud: an environment variable would switch it off otherwise.
    rejectUnauthorized: verifies,
    ...(name !== undefined && { host: name }),
    // A server is not asked for by address (RFC 6066); its certificate may be for one all the same.
    ...(name !== undefined && isIP(name) === 0 && { servername: name }),
    ...(alpnProtocols.length > 0 && { ALPNProtocols: [...alpnProtocols] }),
    ...(offered !== undefined && { session: offered.bytes }),
  })
  // As a socket is, where the stream is none: one that its peer ended closes.
  socket.allowHalfOpen = false
  return socket
}

/** Waits for the handshake. Answers the fingerprint of the server's certificate, where there is one. */
function established(
  socket: TLSSocket,
  attempt: TlsAttempt,
  offered: Session | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { fingerprints } = attempt.settings
  return new Promise((resolve, reject) => {
    let certificate: PeerCertificate | undefined
    let verdict: Error | undefined
    const destroy = (why: Error) => {
      verdict = why
      socket.destroy(why)
    }
    const abort = () => destroy(signal.reason)
    const settle = () => {
      signal.removeEventListener('abort', abort)
      socket.off('secureConnect', secured)
      socket.off('close', closed)
    }
    const secured = () => {
      const found = socket.isSessionReused() ? offered?.fingerprint : certificate?.fingerprint256
      if (fingerprints !== null && !(found !== undefined && fingerprints.has(found))) {
        return destroy(wrongFingerprint(found, attempt))
      }
      settle()
      resolve(found)
    }
    const closed = () => {
      settle()
      reject(verdict ?? tlsFailure(socket.errored, attempt, certificate))
    }
    // Node destroys the socket before it tells why it refuses a certificate, which is gone then. Taken
    // without its chain: 12 us instead of 285. Not by getPeerX509Certificate(), which takes it out of
    // the chain that Node is about to verify.
    socket.prependOnceListener('secure', () => {
      certificate = socket.getPeerCertificate()
    })
    socket.on('secureConnect', secured)
    socket.on('close', closed)
    signal.addEventListener('abort', abort, { once: true })
  })
}
