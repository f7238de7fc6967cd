import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reply } from '../src/reply.ts'
import { ReplyError, readHead } from '../src/reply-head.ts'

const BODY = '{"status":"approved"}'
const WHOLE = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n` +
    `Date: Fri, 20 Nov 2026 07:00:00 GMT\r\nConnection: keep-alive\r\n\r\n${BODY}`,
)

function reply(head: string, body = ''): Buffer {
  return Buffer.from(`${head.replaceAll('\n', '\r\n')}\r\n\r\n${body}`)
}

test('a reply in one chunk is read', () => {
  const read = new Reply()
  assert.equal(read.push(WHOLE), true)
  assert.equal(read.status, 200)
  assert.equal(read.closes, false)
  assert.equal(read.body.toString(), BODY)
})

test('a reply split at any byte is read the same', () => {
  for (let at = 1; at < WHOLE.length; at += 1) {
    const read = new Reply()
    assert.equal(read.push(WHOLE.subarray(0, at)), false, `whole after ${at} bytes`)
    assert.equal(read.push(WHOLE.subarray(at)), true, `not whole, split at ${at}`)
    assert.equal(read.status, 200)
    assert.equal(read.body.toString(), BODY)
  }
})

test('a reply that comes byte by byte is read the same', () => {
  const read = new Reply()
  for (let at = 0; at < WHOLE.length; at += 1) {
    assert.equal(read.push(WHOLE.subarray(at, at + 1)), at === WHOLE.length - 1)
  }
  assert.equal(read.body.toString(), BODY)
})

test('a reply without a body is whole with its head', () => {
  const read = new Reply()
  assert.equal(read.push(reply('HTTP/1.1 404 Not Found\nContent-Length: 0')), true)
  assert.equal(read.status, 404)
  assert.equal(read.body.length, 0)
})

test('header names are read in any case, values with any spaces', () => {
  const read = new Reply()
  const head = 'http/1.1 503 No\ncOnTeNt-LeNgTh:\t 2  \nCONNECTION: Close'
  assert.equal(read.push(reply(head, 'no')), true)
  assert.equal(read.status, 503)
  assert.equal(read.closes, true)
})

test('headers that only begin like the ones that matter are no matter', () => {
  const read = new Reply()
  const head = 'HTTP/1.1 200 OK\nContent-Length-Hint: 9\nConnections: close\nContent-Length: 1'
  assert.equal(read.push(reply(head, 'x')), true)
  assert.equal(read.closes, false)
})

test('bytes behind the body are refused, in the same chunk or a later one', () => {
  const junk = Buffer.from('HTTP/1.1 200 OK\r\n')
  assert.throws(() => new Reply().push(Buffer.concat([WHOLE, junk])), /17 bytes follow the reply/)
  const late = new Reply()
  late.push(WHOLE)
  assert.throws(() => late.push(junk), ReplyError)
})

for (const [what, bytes, why] of [
  ['no length', reply('HTTP/1.1 200 OK\nConnection: close'), /no content length/],
  ['a chunked body', reply('HTTP/1.1 200 OK\nTransfer-Encoding: chunked'), /transfer encoding/],
  ['a length in words', reply('HTTP/1.1 200 OK\nContent-Length: ten'), /not a number/],
  ['a negative length', reply('HTTP/1.1 200 OK\nContent-Length: -1'), /not a number/],
  ['an empty length', reply('HTTP/1.1 200 OK\nContent-Length:'), /not a number/],
  ['two lengths', reply('HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2'), /two lengths/],
  ['a huge length', reply('HTTP/1.1 200 OK\nContent-Length: 99999999999'), /longer than/],
  ['an endless length', reply(`HTTP/1.1 200 OK\nContent-Length: ${'9'.repeat(400)}`), /not a/],
  ['an interim status', reply('HTTP/1.1 100 Continue\nContent-Length: 0'), /status 100/],
  ['no status', reply('HTTP/1.1 OK\nContent-Length: 0'), /status/],
  ['another protocol', reply('SSH-2.0-OpenSSH_9.9'), /not HTTP/],
  ['an endless head', Buffer.alloc(20_000, 'x'), /head is longer/],
] as const) {
  test(`a reply with ${what} is refused`, () => {
    assert.throws(() => new Reply().push(bytes), { name: 'ReplyError', message: why })
  })
}

test('the head is read no further than told', () => {
  assert.equal(readHead(WHOLE, WHOLE.length - BODY.length - 1), null)
  const head = readHead(WHOLE, WHOLE.length - BODY.length)
  assert.equal(head?.size, WHOLE.length - BODY.length)
  assert.equal(head?.contentLength, BODY.length)
})
