import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InvalidOptionError } from '../../src/index.ts'
import { readAllow } from '../../src/server/allow-list.ts'

const owner = { name: 'server' }

/** Whether each of the addresses is let in, by such a list. */
function lets(allow: readonly string[] | undefined, ...addresses: readonly string[]): boolean[] {
  return addresses.map(readAllow(owner, allow))
}

test('without a list everybody is let in, with an empty one nobody', () => {
  assert.deepEqual(lets(undefined, '192.0.2.1', '2001:db8::1'), [true, true])
  assert.deepEqual(lets([], '192.0.2.1', '2001:db8::1'), [false, false])
})

test('an address is that address, however it is written', () => {
  assert.deepEqual(lets(['192.0.2.1'], '192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2'), [
    true,
    true,
    false,
  ])
  assert.deepEqual(lets(['::ffff:192.0.2.1'], '192.0.2.1', '::FFFF:192.0.2.1'), [true, true])
  assert.deepEqual(lets(['2001:db8::1'], '2001:0db8:0:0::1', '2001:db8::2'), [true, false])
  assert.deepEqual(lets(['fe80::1'], 'fe80::1%eth0'), [true])
})

test('a network is all that begins as it does', () => {
  assert.deepEqual(
    lets(
      ['10.0.0.0/8', 'fd00::/8'],
      '10.255.0.1',
      '::ffff:10.1.2.3',
      '11.0.0.1',
      'fd12::1',
      'fe00::1',
    ),
    [true, true, false, true, false],
  )
  assert.deepEqual(lets(['192.0.2.77/24'], '192.0.2.1', '192.0.3.1'), [true, false])
  assert.deepEqual(lets(['::ffff:10.0.0.0/104'], '10.9.9.9', '11.0.0.1'), [true, false])
  assert.deepEqual(lets(['0.0.0.0/0'], '1.2.3.4', '2001:db8::1'), [true, false])
  assert.deepEqual(lets(['192.0.2.1/32'], '192.0.2.1', '192.0.2.0'), [true, false])
})

test('a peer of a Unix domain socket has no address, and is let in', () => {
  assert.equal(readAllow(owner, [])(undefined), true)
})

describe('what is no address and no network is refused', () => {
  for (const entry of [
    'localhost',
    '',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0/8',
    'fd00::/129',
    'fe80::1%eth0',
    '::ffff:10.0.0.0/95',
    7,
    null,
  ]) {
    test(String(entry), () => {
      assert.throws(() => readAllow(owner, [entry as string]), InvalidOptionError)
    })
  }
})
