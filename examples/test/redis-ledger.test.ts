import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger } from '../redis-proxy/ledger.ts'

const PING = '*1\r\n$4\r\nPING\r\n'
const QUIT = '*1\r\n$4\r\nQUIT\r\n'

/** A ledger that has heard the client say this, in these pieces; and what was sent on. */
function told(...pieces: string[]): { ledger: Ledger; sent: string } {
  const ledger = new Ledger()
  const sent = pieces.map((piece) => String(ledger.asked(Buffer.from(piece)))).join('')
  return { ledger, sent }
}

test('it is even where every command is whole and every reply has come', () => {
  const ledger = new Ledger()
  assert.equal(ledger.isEven, true)
  const steps: [who: 'asked' | 'answered', what: string, even: boolean][] = [
    ['asked', PING, false],
    ['answered', '+PO', false],
    ['answered', 'NG\r\n', true],
    ['asked', PING.slice(0, 5), false],
    ['asked', PING.slice(5), false],
    ['asked', PING, false],
    ['answered', '+PONG\r\n', false],
    ['answered', '>2\r\n+invalidate\r\n*0\r\n', false],
    ['answered', '+PONG\r\n+', false],
  ]
  for (const [who, what, even] of steps) {
    ledger[who](Buffer.from(what))
    assert.equal(ledger.isEven, even, `${who} ${what}`)
  }
})

test('a QUIT is not sent on, alone or behind other commands, however it is written', () => {
  for (const quit of [QUIT, QUIT.toLowerCase()]) {
    for (const before of ['', PING, PING + PING]) {
      const { ledger, sent } = told(before + quit)
      assert.equal(sent, before)
      assert.equal(ledger.hasQuit, true)
      for (let owed = before.length; owed > 0; owed -= PING.length) {
        assert.equal(ledger.isEven, false)
        ledger.answered(Buffer.from('+PONG\r\n'))
      }
      assert.equal(ledger.isEven, true)
    }
  }
})

test('what follows a QUIT is nobody’s', () => {
  assert.equal(told(QUIT, PING).sent, '')
})

test('one that comes in pieces, has arguments or is a value is sent on', () => {
  const value = QUIT.slice(0, -2)
  for (const pieces of [
    [QUIT.slice(0, 10), QUIT.slice(10)],
    ['*2\r\n$4\r\nQUIT\r\n$3\r\nnow\r\n'],
    [`*2\r\n$4\r\nECHO\r\n$${value.length}\r\n${value}\r\n`],
    [`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${value.length}\r\n${value}\r\n`],
    [`*2\r\n$4\r\nQUIT\r\n$${value.length}\r\n${value}\r\n`],
  ]) {
    const { ledger, sent } = told(...pieces)
    assert.equal(sent, pieces.join(''))
    assert.equal(ledger.hasQuit, false)
    assert.equal(ledger.isEven, false)
  }
})

test('where replies cannot be counted it is never even again', () => {
  for (const command of [
    '*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n',
    '*1\r\n$7\r\nmonitor\r\n',
    '*3\r\n$6\r\nclient\r\n$5\r\nreply\r\n$3\r\noff\r\n',
    'PING\r\n',
    '\r\n',
    '*0\r\n',
  ]) {
    const { ledger } = told(command)
    assert.equal(ledger.isCountable, false, command)
    ledger.answered(Buffer.from('+OK\r\n'))
    assert.equal(ledger.isEven, false)
  }
  const { ledger } = told('*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$1\r\nc\r\n')
  assert.equal(ledger.isCountable, true)
})
