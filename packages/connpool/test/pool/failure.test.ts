import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  alertIn,
  arisenIn,
  classOf,
  codeOf,
  contextOf,
  lateCreate,
  reached,
} from '../../src/pool/failure.ts'

const coded = (code: unknown) => Object.assign(new Error('failed'), { code })

describe('where an error arose', () => {
  test('is what was noted of it, with the address where there is one', () => {
    const [error, other] = [new Error('refused'), new Error('no such name')]
    assert.equal(arisenIn('connect', error, '192.0.2.1:80'), error)
    arisenIn('lookup', other)
    assert.deepEqual(contextOf(error), { phase: 'connect', address: '192.0.2.1:80' })
    assert.deepEqual(contextOf(error, '192.0.2.9:80'), contextOf(error))
    assert.deepEqual(contextOf(other), { phase: 'lookup' })
  })

  test('is in create, at the address that is known, where nothing was noted', () => {
    assert.deepEqual(contextOf(new Error('failed')), { phase: 'create' })
    assert.deepEqual(contextOf('failed', '192.0.2.1:80'), {
      phase: 'create',
      address: '192.0.2.1:80',
    })
  })

  for (const odd of [null, undefined, 'text', 5, Symbol('odd'), () => {}]) {
    test(`cannot be noted of ${String(odd)}, which does no harm`, () => {
      assert.equal(arisenIn('tls', odd, '192.0.2.1:80'), odd)
      assert.deepEqual(contextOf(odd), { phase: 'create' })
    })
  }
})

describe('a create that takes too long', () => {
  test('fails where it had come to', () => {
    const { signal } = new AbortController()
    reached('tls', signal, '192.0.2.1:443')
    const error = lateCreate('db', 500, signal)
    assert.equal(
      String(error),
      'Error: db: no connection was opened within 500 ms ' +
        '(the TLS handshake with 192.0.2.1:443 was under way)',
    )
    assert.deepEqual(contextOf(error), { phase: 'tls', address: '192.0.2.1:443' })
  })

  test('fails in create, when it has not said how far it came', () => {
    for (const signal of [undefined, new AbortController().signal]) {
      const error = lateCreate('db', 500, signal)
      assert.equal(String(error), 'Error: db: no connection was opened within 500 ms')
      assert.deepEqual(contextOf(error), { phase: 'create' })
    }
  })
})

describe('the class of an error', () => {
  test('is that of its code, and of the alert in its code', () => {
    assert.equal(classOf(coded('ENOTFOUND')), 'config')
    assert.equal(classOf(coded('EMFILE')), 'local')
    assert.equal(classOf(coded('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA')), 'config')
    assert.equal(classOf(coded('ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR')), 'backend')
    assert.equal(classOf(coded('ECONNREFUSED')), 'backend')
  })

  test('is backend for whatever has no code', () => {
    const unreadable = Object.defineProperty({}, 'code', {
      get: () => {
        throw new Error('no')
      },
    })
    for (const odd of [new Error('odd'), null, undefined, 'ENOTFOUND', 5, unreadable, coded(5)]) {
      assert.equal(classOf(odd), 'backend')
    }
    assert.equal(codeOf(unreadable), undefined)
    assert.equal(codeOf(Object.assign(() => {}, { code: 'EMFILE' })), undefined)
    assert.equal(alertIn(5), undefined)
    assert.equal(alertIn('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), 'UNKNOWN_CA')
  })
})
