import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from '../../src/pool/describe.ts'
import {
  AcquireTimeoutError,
  CloseTimeoutError,
  ConnectFailedError,
  InvalidOptionError,
  LeaseReleasedError,
  PoolClosedError,
  PoolError,
  PoolUnavailableError,
  QueueFullError,
} from '../../src/pool/errors.ts'
import { fixture } from './support/fixture.ts'
import { warnings } from './support/warnings.ts'

const errors: Readonly<Record<string, PoolError>> = {
  PoolError: new PoolError('ERR_POOL_CLOSED', 'db', 'no'),
  AcquireTimeoutError: new AcquireTimeoutError('db', 'no', {}),
  PoolClosedError: new PoolClosedError('db', {}),
  QueueFullError: new QueueFullError('db', 'no', {}),
  PoolUnavailableError: new PoolUnavailableError('db', 'no', 5, {}),
  ConnectFailedError: new ConnectFailedError('db', 'no', 5, {}),
  LeaseReleasedError: new LeaseReleasedError('db', {}),
  CloseTimeoutError: new CloseTimeoutError('db', 'no', [], {}),
  InvalidOptionError: new InvalidOptionError('db', 'no'),
}

for (const [name, error] of Object.entries(errors)) {
  test(`a ${name} says so, and of which pool it is`, () => {
    assert.equal(error.name, name)
    assert.ok(error instanceof PoolError)
    assert.equal(error.pool, 'db')
    assert.match(String(error), new RegExp(`^${name}: db: `))
    assert.equal('cause' in error, false, 'a cause that there is not is not shown')
  })
}

test('whatever is thrown has words', () => {
  assert.equal(describe(new Error('refused')), 'refused')
  assert.equal(describe('refused'), 'refused')
  assert.equal(describe(undefined), 'undefined')
  assert.equal(describe(Object.create(null)), 'something that cannot be shown')
})

test('what a callback throws is reported with its stack, where it has one', async () => {
  const error = new Error('on purpose')
  const heard = await warnings(async () => {
    for (const thrown of [error, 'no error']) {
      const { pool } = fixture()
      pool.on('open', () => {
        throw thrown
      })
      ;(await pool.acquire()).release()
      await pool.close()
    }
  })
  const details = heard.map((warning) => ('detail' in warning ? warning.detail : 'none'))
  assert.deepEqual(details, [error.stack, 'none'])
})
