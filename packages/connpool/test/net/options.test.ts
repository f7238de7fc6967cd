import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTcpPool, InvalidOptionError, pools, type TcpPoolOptions } from '../../src/index.ts'

/** What is wrong, and what its message must say: the option, the value and the fix. */
const refused: readonly (readonly [options: object, message: RegExp])[] = [
  [{}, /needs "port", "path" or "connect", but none is given/],
  [{ host: 'a' }, /needs "port", "path" or "connect", but none is given/],
  [{ port: 1, path: '/a' }, /needs "port" or "path", but both are given/],
  [{ path: '/a', host: 'a' }, /"host" does not go with "path"; leave one of them out/],
  [{ path: '/a', localAddress: '127.0.0.1' }, /"localAddress" does not go with "path"; leave one/],
  [{ path: '/a', family: 4 }, /"family" does not go with "path"; leave one of them out/],
  [{ path: '/a', lookup: () => [] }, /"lookup" does not go with "path"/],
  [{ path: '/a', lookupTimeoutMs: 5 }, /"lookupTimeoutMs" does not go with "path"/],
  ...Object.entries({
    path: '/a',
    localAddress: '127.0.0.1',
    family: 4,
    lookup: () => [],
    lookupTimeoutMs: 5,
  }).map(
    ([key, value]) =>
      [
        { connect: () => {}, [key]: value },
        new RegExp(`"${key}" does not go with "connect", which dials by itself; leave one`),
      ] as const,
  ),
  ...[0, -1, 65_536, 1.5, '80', Number.NaN, null, Infinity].map(
    (port) =>
      [
        { port },
        /"port" is .*; it must be a whole number from 1 to 65535(: a number, where this is a text)?$/,
      ] as const,
  ),
  ...['', ' ', 7, null].map(
    (host) => [{ port: 1, host }, /"host" is .*; it must be a text that is not empty/] as const,
  ),
  ...['', 7, null].map(
    (path) => [{ path }, /"path" is .*; it must be a text that is not empty/] as const,
  ),
  ...['localhost', '1.2.3', '', 7, null].map(
    (localAddress) =>
      [{ port: 1, localAddress }, /"localAddress" is .*; it must be an IP address/] as const,
  ),
  ...[5, '4', 'IPv4', null].map(
    (family) => [{ port: 1, family }, /"family" is .*; it must be 0 or 4 or 6/] as const,
  ),
  [
    { port: 1, host: '127.0.0.1', family: 6 },
    /"family" is 6, but "host" is 127.0.0.1.*leave family/,
  ],
  [{ port: 1, localAddress: '::1', family: 4 }, /"family" is 4, but "localAddress" is ::1/],
  [
    { port: 1, host: '127.0.0.1', localAddress: '::1' },
    /"localAddress" is ::1, but "host" is 127.0.0.1, an IPv4 address; dial from an address of the same/,
  ],
  ...['noDelay', 'serverSpeaksFirst', 'strictListeners'].flatMap((key) =>
    [1, 'yes', null].map(
      (value) =>
        [
          { port: 1, [key]: value },
          new RegExp(`"${key}" is .*; it must be true or false`),
        ] as const,
    ),
  ),
  ...[true, 30_000, 'on', null].map(
    (keepAlive) => [{ port: 1, keepAlive }, /"keepAlive" is .*; it must be false, or an/] as const,
  ),
  [Object.create({ port: 1, noDelay: 'x' }), /"noDelay" is "x"; it must be true or false/],
  [{ port: 1, keepAlive: Object.create({ delayMs: 1 }) }, /"keepAlive.delayMs" is 1; it must be/],
  [{ port: 1, keepAlive: [] }, /"keepAlive" must be an object, not an array/],
  ...[0, -1, 999, 32_767_001, Infinity, Number.NaN, '30s'].map(
    (delayMs) =>
      [
        { port: 1, keepAlive: { delayMs } },
        /"keepAlive.delayMs" is .*; it must be .* from 1000 to 32767000; keepAlive: false/,
      ] as const,
  ),
  [
    { port: 1, keepAlive: { delay: 1 } },
    /"keepAlive.delay" is refused: .* these are known: delayMs, intervalMs, count/,
  ],
  ...[0, 999, 32_767_001, '1s'].map(
    (intervalMs) =>
      [{ port: 1, keepAlive: { intervalMs } }, /"keepAlive.intervalMs" is .*; it must be/] as const,
  ),
  ...[0, 128, 1.5, '3'].map(
    (count) => [{ port: 1, keepAlive: { count } }, /"keepAlive.count" is .*from 1 to 127/] as const,
  ),
  ...['lookupTimeoutMs', 'connectTimeoutMs', 'tlsTimeoutMs', 'handshakeTimeoutMs'].flatMap((key) =>
    [0, -1, Number.NaN, '5', null].map(
      (value) =>
        [{ port: 1, [key]: value }, new RegExp(`"${key}" is .*; it must be .* over 0`)] as const,
    ),
  ),
  ...[
    'handshake',
    'lookup',
    'connect',
    'onIdleData',
    'probe',
    'reset',
    'classify',
    'isFatal',
  ].flatMap((verb) =>
    [1, 'x', {}, null].map(
      (value) =>
        [{ port: 1, [verb]: value }, new RegExp(`"${verb}" is .*; it must be a function`)] as const,
    ),
  ),
  ...['create', 'destroy', 'ref', 'prot'].map(
    (key) => [{ port: 1, [key]: true }, new RegExp(`"${key}" is refused: `)] as const,
  ),
  [{ port: 1, name: '' }, /"name" is ""; it must be a text that is not empty/],
  [{ port: 1, name: 7 }, /"name" is 7; it must be a text that is not empty/],
  [{ port: 1, max: 0 }, /"max" is 0; it must be/],
  [{ port: 1, min: 3, max: 2 }, /"min" is 3, but "max" is 2; lower min or raise max/],
  [{ port: 1, reset: () => {}, maxLeases: 2 }, /"reset" goes with one lease/],
]

for (const [options, message] of refused) {
  test(`refused, with its reason: ${show(options)}`, () => {
    const before = pools().length
    assert.throws(
      () => createTcpPool(options as TcpPoolOptions),
      (error: unknown) => {
        assert.ok(error instanceof InvalidOptionError)
        assert.equal(error.code, 'ERR_INVALID_OPTION')
        assert.equal(typeof error.pool, 'string')
        assert.match(error.message, message)
        return true
      },
    )
    assert.equal(pools().length, before)
  })
}

test('what is no object of options is refused', () => {
  for (const options of [undefined, null, 7, 'localhost:80']) {
    assert.throws(() => createTcpPool(options as unknown as TcpPoolOptions), {
      code: 'ERR_INVALID_OPTION',
    })
  }
})

test('an option that is undefined was not given', async () => {
  const options: Record<string, unknown> = {
    path: undefined,
    port: 1,
    host: undefined,
    tls: undefined,
  }
  const pool = createTcpPool({
    ...options,
    keepAlive: { delayMs: undefined },
  } as unknown as TcpPoolOptions)
  assert.equal(pool.name, 'localhost:1')
  await pool.close()
})

test('options are read once: what the caller changes later changes nothing', async () => {
  const options = { host: '127.0.0.1', port: 1, max: 2 }
  const pool = createTcpPool(options)
  options.max = 99
  assert.equal(pool.stats().max, 2)
  await pool.close()
})

test('verbs may be methods of the options, and keep them as their `this`', async () => {
  let seen: unknown
  const options: TcpPoolOptions = {
    connect: () => {
      throw new Error('no way')
    },
    classify() {
      seen = this
      return 'config'
    },
  }
  const pool = createTcpPool(options)
  await assert.rejects(pool.acquire(), { code: 'ERR_CONNECT_FAILED' })
  assert.equal(seen, options)
  await pool.close()
})

function show(options: object): string {
  return JSON.stringify(options, (_key, value) =>
    typeof value === 'number' ? String(value) : typeof value === 'function' ? 'a function' : value,
  )
}
