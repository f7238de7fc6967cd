import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type ConnectionOptions, connect, createServer, type TlsOptions } from 'node:tls'
import { CertificateAuthority, selfSigned } from './support/certificates.ts'

const timeout = 10_000
const ca = CertificateAuthority.create('trusted')
const stranger = CertificateAuthority.create('stranger')

for (const host of ['localhost', '127.0.0.1']) {
  test(`a client that trusts the authority believes a server at ${host}`, { timeout }, async () => {
    assert.equal(await shake(await (await ca).forServer(), { host }), 'trusted')
  })
}

test('a server can be called otherwise than it is reached', { timeout }, async () => {
  const server = await (await ca).forServer({ hosts: ['db.example'] })
  assert.equal(await shake(server, { servername: 'db.example' }), 'trusted')
})

const untrusted = {
  CERT_HAS_EXPIRED: async () => (await ca).forServer({ validity: 'expired' }),
  CERT_NOT_YET_VALID: async () => (await ca).forServer({ validity: 'not yet valid' }),
  ERR_TLS_CERT_ALTNAME_INVALID: async () => (await ca).forServer({ hosts: ['db.example'] }),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: async () => (await stranger).forServer(),
  DEPTH_ZERO_SELF_SIGNED_CERT: () => selfSigned(),
  INVALID_PURPOSE: async () => (await ca).forClient(),
}

for (const [code, identity] of Object.entries(untrusted)) {
  test(`what a client refuses as ${code} is refused as that`, { timeout }, async () => {
    assert.equal(await shake(await identity()), code)
  })
}

test('a server learns who its client is, and whether it knows who vouches for that', {
  timeout,
}, async () => {
  const server = { ...(await (await ca).forServer()), ca: (await ca).cert, requestCert: true }
  const ours = await (await ca).forClient({ name: 'alice' })
  assert.equal(await shake({ ...server, rejectUnauthorized: true }, ours), 'trusted alice')
  const others = await (await stranger).forClient({ name: 'mallory' })
  assert.equal(
    await shake({ ...server, rejectUnauthorized: false }, others),
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE mallory',
  )
})

/** What the two think of each other: the client's error, or else the server's; and the client's name. */
async function shake(server: TlsOptions, client: ConnectionOptions = {}): Promise<string> {
  const listener = createServer(server).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const socket = connect({ host: '127.0.0.1', port, ca: (await ca).cert, ...client })
  try {
    const [[peer]] = await Promise.all([
      once(listener, 'secureConnection'),
      once(socket, 'secureConnect'),
    ])
    const said = peer.authorizationError?.code ?? peer.authorizationError ?? 'trusted'
    const name = peer.getPeerCertificate().subject?.CN
    peer.destroy()
    return name === undefined || server.requestCert !== true ? 'trusted' : `${said} ${name}`
  } catch (error) {
    return (error as { code: string }).code
  } finally {
    socket.destroy()
    listener.close()
    await once(listener, 'close')
  }
}
