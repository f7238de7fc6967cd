import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Lease } from 'connpool'

/** Headers that are about one connection and not about the message. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']

/** A request that came, its answer to be, and what bounds it. */
export interface Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** Aborts when the client has left. */
  readonly gone: AbortSignal
  /** How long the backend may take to begin its answer, in ms. */
  readonly answerTimeoutMs: number
}

/**
 * Sends a request over a lent connection and its answer back to the client. node:http speaks HTTP;
 * it gets the connection, and is done with it when the request is closed.
 * @throws whatever went wrong, by rejecting. Nothing was sent to the client while
 * `outgoing.headersSent` is false.
 */
export async function forward(lease: Lease<Socket>, exchange: Exchange): Promise<void> {
  const { incoming, outgoing, gone, answerTimeoutMs } = exchange
  const { connection } = lease
  const asked = request({
    createConnection: () => connection,
    method: incoming.method,
    path: incoming.url,
    // Without an Agent node:http would close the connection after the answer.
    headers: { ...endToEnd(incoming.headers), connection: 'keep-alive' },
    signal: gone,
  })
  const closed = new Promise<void>((resolve) => asked.on('close', resolve))
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asked.on('response', resolve).on('error', reject)
  })
  const late = setTimeout(() => {
    asked.destroy(new Error(`no answer within ${answerTimeoutMs} ms`))
  }, answerTimeoutMs)
  try {
    incoming.pipe(asked)
    const answer = await answered
    clearTimeout(late)
    // One that the backend is about to close is no use to the pool, and no sign that it is down.
    const last = answer.headers.connection === 'close'
    if (last) lease.detach()
    outgoing.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers))
    await pipeline(answer, outgoing)
    await closed
    if (!last) lease.release({ idleForMs: idleForMs(answer.headers) })
  } finally {
    clearTimeout(late)
    incoming.unpipe(asked)
  }
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = { ...headers }
  for (const name of HOP_BY_HOP) delete kept[name]
  return kept
}

/** How long the backend keeps an idle connection, less a second: closing first, we never ask on one that is just closed. */
function idleForMs(headers: IncomingHttpHeaders): number {
  const seconds = /timeout=(\d+)/.exec(String(headers['keep-alive']))?.[1]
  return seconds === undefined ? Infinity : Math.max(0, Number(seconds) - 1) * 1_000
}
