/** The part of an HTTP/1.1 reply before its body, as far as a borrower of a connection must know it. */
export interface ReplyHead {
  readonly status: number
  /** Bytes up to and with the empty line. */
  readonly size: number
  /** Bytes of the body. */
  readonly contentLength: number
  /** The server will close: the connection must not be used again. */
  readonly closes: boolean
}

/** A reply that cannot be read on a connection that is to be used again. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'
}

const MAX_HEAD = 16_384
const MAX_BODY = 16 * 1024 * 1024
const CR = 13
const LF = 10
const SPACE = 32
const COLON = 58

/**
 * Reads the head of a reply in `bytes[0, end)`, or null while it is not whole. Bodies of unknown length
 * (chunked, or up to the end of the connection) and interim replies are refused.
 * @throws ReplyError
 */
export function readHead(bytes: Uint8Array, end: number): ReplyHead | null {
  let contentLength = -1
  let closes = false
  let line = 0
  for (let at = 0; at < end; at += 1) {
    if (bytes[at] !== LF) continue
    if (at - line <= 1) return finish(bytes, at + 1, contentLength, closes)
    // Two of all the headers matter, so most lines are told apart by their first letter.
    const first = (bytes[line] ?? 0) | 32
    if (first === 99) {
      if (isNamed(bytes, line, 'content-length')) {
        const length = numberAt(bytes, line + 15, at)
        if (contentLength !== -1 && contentLength !== length) {
          throw new ReplyError('the reply has two lengths')
        }
        contentLength = length
      } else if (isNamed(bytes, line, 'connection')) {
        closes = startsWith(bytes, skipSpaces(bytes, line + 11), 'close')
      }
    } else if (first === 116 && isNamed(bytes, line, 'transfer-encoding')) {
      throw new ReplyError('the reply has a transfer encoding instead of a content length')
    }
    line = at + 1
  }
  if (end > MAX_HEAD) throw new ReplyError(`the reply's head is longer than ${MAX_HEAD} bytes`)
  return null
}

function finish(
  bytes: Uint8Array,
  size: number,
  contentLength: number,
  closes: boolean,
): ReplyHead {
  if (!startsWith(bytes, 0, 'http/1.1 ')) throw new ReplyError('the reply is not HTTP/1.1')
  const status = digits(bytes, 9, 12)
  if (status < 200 || status > 599) throw new ReplyError(`the reply has the status ${status}`)
  if (contentLength === -1) throw new ReplyError('the reply has no content length')
  if (contentLength > MAX_BODY) {
    throw new ReplyError(`the reply's body is longer than ${MAX_BODY} bytes`)
  }
  return { status, size, contentLength, closes }
}

function isNamed(bytes: Uint8Array, at: number, name: string): boolean {
  return bytes[at + name.length] === COLON && startsWith(bytes, at, name)
}

/** `text` is in lower case and the comparison is not sensitive to case. */
function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const byte = bytes[at + index] ?? 0
    const lower = byte >= 65 && byte <= 90 ? byte + 32 : byte
    if (lower !== text.charCodeAt(index)) return false
  }
  return true
}

function skipSpaces(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at] === SPACE || bytes[at] === 9) at += 1
  return at
}

function numberAt(bytes: Uint8Array, from: number, lineEnd: number): number {
  const start = skipSpaces(bytes, from)
  let end = lineEnd
  while (end > start && (bytes[end - 1] === CR || bytes[end - 1] === SPACE)) end -= 1
  const length = digits(bytes, start, end)
  if (length === -1) throw new ReplyError('the content length is not a number')
  return length
}

/** -1 unless all of `bytes[from, to)` are digits, between 1 and 15 of them. */
function digits(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from || to - from > 15) return -1
  let value = 0
  for (let at = from; at < to; at += 1) {
    const digit = (bytes[at] ?? 0) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
