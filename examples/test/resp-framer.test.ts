import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Message, RespFramer } from '../redis-proxy/resp-framer.ts'

const stream = [
  ['+OK\r\n', '+', 'OK'],
  ['-ERR no such command\r\n', '-', 'ERR no such command'],
  [':-12\r\n', ':', '-12'],
  ['$-1\r\n', '$', '-1'],
  ['$0\r\n\r\n', '$', '0', ''],
  ['$11\r\n+OK\r\n$3\r\n*1\r\n', '$', '11', '+OK\r\n$3\r\n*1'],
  ['*0\r\n', '*', '0'],
  ['*-1\r\n', '*', '-1'],
  ['*2\r\n$3\r\nget\r\n$5\r\nhello\r\n', '*', '2', 'GET', 'HELLO'],
  ['*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\nQUIT\r\n', '*', '3', 'SET', 'K'],
  ['*2\r\n*2\r\n:1\r\n*0\r\n*1\r\n*1\r\n$-1\r\n', '*', '2'],
  ['%1\r\n$6\r\nserver\r\n~2\r\n#t\r\n_\r\n', '%', '1', 'SERVER'],
  ['>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n', '>', '2', 'INVALIDATE', 'K'],
  ['=7\r\ntxt:abc\r\n', '=', '7', 'TXT:ABC'],
  ['PING\r\n', 'P', 'ING'],
] as const

const bytes = Buffer.from(stream.map(([text]) => text).join(''))
const expected = stream.map(([, type, text, ...words]) => ({ type, text, words }))

test('messages are found however the stream is cut', () => {
  for (let size = 1; size <= bytes.length; size++) {
    const framer = new RespFramer()
    const found: Message[] = []
    for (let at = 0; at < bytes.length; at += size) {
      found.push(...framer.feed(bytes.subarray(at, at + size)))
    }
    assert.deepEqual(found, expected, `in pieces of ${size}`)
    assert.equal(framer.isBetween, true)
  }
})

test('between two messages is where none is under way', () => {
  const framer = new RespFramer()
  const ends = new Set<number>()
  let end = 0
  for (const [text] of stream) {
    end += text.length
    ends.add(end)
  }
  for (let at = 0; at < bytes.length; at++) {
    framer.feed(bytes.subarray(at, at + 1))
    assert.equal(framer.isBetween, ends.has(at + 1), `after ${at + 1} bytes`)
  }
})

test('a long string is passed over, and only its beginning kept', () => {
  const framer = new RespFramer()
  const long = 'x'.repeat(1_000_000)
  const [message] = framer.feed(Buffer.from(`*1\r\n$${long.length}\r\n${long}\r\n`))
  assert.ok((message?.words[0]?.length ?? 0) < 100)
})

test('what is no message is refused', () => {
  for (const text of ['*x\r\n', '$\r\n', '*1.5\r\n', `${'x'.repeat(100_000)}`]) {
    assert.throws(() => new RespFramer().feed(Buffer.from(text)), /no count|too long/)
  }
})
