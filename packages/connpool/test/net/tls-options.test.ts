import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { before, test } from 'node:test'
import { createTcpPool, InvalidOptionError, pools, type TcpPoolOptions } from '../../src/index.ts'
import { CertificateAuthority, type Identity } from '../support/certificates.ts'

let ca: string
let client: Identity
let other: Identity
let encrypted: string
before(async () => {
  const authority = await CertificateAuthority.create('CA of the tests')
  ca = authority.cert
  client = await authority.forClient()
  other = await authority.forClient()
  const cipher = 'aes-256-cbc'
  const how = { type: 'pkcs8', format: 'pem', cipher, passphrase: 'right' } as const
  encrypted = String(createPrivateKey(client.key).export(how))
})

const fingerprint = 'AB'.repeat(32)
const pem = /must be a text in PEM, or its bytes/
const certificates = /must be certificates in PEM, not the name of a file; /
const key = /"tls.key" must be the private key of tls.cert in PEM, .*passphrase must open it/

/** What is wrong with `tls`, and what its message must say: the option, what was found, and the fix. */
const refused: Record<string, readonly [tls: () => unknown, message: RegExp]> = {
  'another mode': [() => 'on', /"tls" is "on"; it must be 'off' or 'insecure' or 'verify', or an/],
  true: [() => true, /"tls" is true; it must be 'off'/],
  null: [() => null, /"tls" is null; it must be 'off'/],
  'a list': [() => [], /"tls" is an array; it must be 'off'/],
  'an unknown key': [() => ({ certs: 1 }), /"tls.certs" is refused: .*did you mean "cert"/],
  'what a socket of its own would take': [
    () => ({ secureContext: {} }),
    /"tls.secureContext" is re/,
  ],
  'ca of a wrong type': [() => ({ ca: 7 }), /"tls.ca" is 7; it must be .*PEM.*, or a list of them/],
  'ca without a text': [() => ({ ca: ' ' }), /"tls.ca" is " "; it must be/],
  'ca without any': [() => ({ ca: [] }), /"tls.ca" is an array; it must be/],
  'ca with something else': [() => ({ ca: [ca, 7] }), /"tls.ca" is an array; it must be/],
  'ca that is a path': [
    () => ({ ca: '/etc/ca.pem' }),
    new RegExp(`"tls.ca" ${certificates.source}it`),
  ],
  'ca that is a key': [() => ({ ca: client.key }), /"tls.ca" must be certificates .*it holds none/],
  'ca that is broken': [() => ({ ca: broken(ca) }), /number 1 of 1 cannot be read/],
  'ca of which one is broken': [() => ({ ca: ca + broken(ca) }), /number 2 of 2 cannot be read/],
  'ca that is not looked at': [
    () => ({ ca, rejectUnauthorized: false }),
    /"tls.ca" is of no use if rejectUnauthorized is false; leave one of them out/,
  ],
  'cert without key': [() => ({ cert: client.cert }), /"tls.cert" goes with tls.key, which is not/],
  'key without cert': [() => ({ key: client.key }), /"tls.key" goes with tls.cert, which is not/],
  'passphrase without key': [() => ({ passphrase: 'x' }), /"tls.passphrase" goes with tls.key/],
  'cert of a wrong type': [() => ({ cert: [], key: client.key }), pem],
  'cert that is a path': [() => ({ ...client, cert: 'me.pem' }), /"tls.cert" must be certificates/],
  'cert that is broken': [() => ({ ...client, cert: broken(client.cert) }), /cannot be read/],
  'key of a wrong type': [
    () => ({ ...client, key: 7 }),
    /"tls.key" is a number; it must be a text/,
  ],
  'key that is an object': [
    () => ({ ...client, key: createPrivateKey(client.key) }),
    /"tls.key" is a PrivateKeyObject; it must be a text in PEM/,
  ],
  'key that is a path': [() => ({ ...client, key: 'me.key' }), key],
  'key of another cert': [() => ({ ...client, key: other.key }), key],
  'key that stays shut': [() => ({ ...client, key: encrypted }), key],
  'key with another passphrase': [() => ({ ...client, key: encrypted, passphrase: 'wrong' }), key],
  'passphrase of a wrong type': [
    () => ({ ...client, passphrase: 1234 }),
    /"tls.passphrase" is a number; it must be a text$/,
  ],
  'servername without a text': [
    () => ({ servername: '' }),
    /"tls.servername" is ""; it must be a t/,
  ],
  'servername that is but a dot': [() => ({ servername: '.' }), /needs a name to verify the cert/],
  'what is inherited': [
    () => Object.create({ rejectUnauthorized: 0 }),
    /"tls.rejectUnauthorized" is 0; it must be true or false/,
  ],
  'no protocols': [
    () => ({ alpnProtocols: [] }),
    /"tls.alpnProtocols" is an array; it must be a li/,
  ],
  'one protocol, in no list': [() => ({ alpnProtocols: 'h2' }), /"tls.alpnProtocols" is "h2"; it/],
  'a protocol without a name': [() => ({ alpnProtocols: ['h2', ''] }), /1 to 255 bytes, such as/],
  'a protocol of 256 bytes': [() => ({ alpnProtocols: ['ä'.repeat(128)] }), /1 to 255 bytes/],
  'an old version': [
    () => ({ minVersion: 'TLSv1.1' }),
    /"tls.minVersion" is "TLSv1.1"; it must be/,
  ],
  'a version in other words': [
    () => ({ maxVersion: 1.2 }),
    /"tls.maxVersion" is 1.2; it must be 'TLS/,
  ],
  'versions in the wrong order': [
    () => ({ maxVersion: 'TLSv1.2' }),
    /"tls.maxVersion" is 'TLSv1.2', but the lowest version is 'TLSv1.3'; lower tls.minVersion/,
  ],
  'no fingerprints': [
    () => ({ fingerprints: [] }),
    /"tls.fingerprints" is an array; it must be a l/,
  ],
  'one fingerprint, in no list': [
    () => ({ fingerprints: fingerprint }),
    /must be a list of SHA-256/,
  ],
  'a fingerprint of SHA-1': [() => ({ fingerprints: ['AB'.repeat(20)] }), /64 hexadecimal digits/],
  'a fingerprint in base64': [() => ({ fingerprints: [btoa('x'.repeat(32))] }), /64 hexadecimal/],
  'rejectUnauthorized in words': [() => ({ rejectUnauthorized: 'no' }), /must be true or false/],
}

for (const [what, [tls, message]] of Object.entries(refused)) {
  test(`refused, with its reason: ${what}`, () => {
    const before = pools().length
    assert.throws(
      () => createTcpPool({ port: 1, tls: tls() } as TcpPoolOptions),
      (error: unknown) => {
        assert.ok(error instanceof InvalidOptionError)
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /PRIVATE KEY|1234|right|wrong/)
        return true
      },
    )
    assert.equal(pools().length, before)
  })
}

test('refused: to verify a certificate without knowing for whom', () => {
  const connect = () => assert.fail('it was dialled')
  const fix =
    /"tls" needs a name to verify the certificate for; give "host", or tls: \{ servername \}/
  for (const where of [{ path: '/run/db.sock' }, { connect }]) {
    for (const tls of ['verify', {}, { fingerprints: [fingerprint] }] as const) {
      assert.throws(() => createTcpPool({ ...where, tls }), fix)
    }
  }
})

test('a path, and a dialer without a host, need a name only to verify it', async () => {
  const pinned = { rejectUnauthorized: false, fingerprints: [fingerprint] }
  for (const tls of [{ servername: 'db.example' }, pinned, 'off'] as const) {
    await createTcpPool({ path: '/run/db.sock', tls }).close()
  }
  await createTcpPool({ connect: () => assert.fail(), tls: pinned }).close()
})

test('whatever may be combined is taken, and read once', async () => {
  const fingerprints = [fingerprint]
  const tls = {
    ca: [ca, Buffer.from(ca)],
    ...client,
    key: encrypted,
    passphrase: 'right',
    servername: 'db.example',
    alpnProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    fingerprints,
    rejectUnauthorized: true,
  } as const
  const pool = createTcpPool({ port: 1, tls })
  fingerprints.length = 0
  await pool.close()
  const undefinedAll = Object.fromEntries(Object.keys(tls).map((name) => [name, undefined]))
  await createTcpPool({ port: 1, tls: undefinedAll }).close()
})

function broken(pem: string): string {
  return pem.replace(/\nM/, '\n!')
}
