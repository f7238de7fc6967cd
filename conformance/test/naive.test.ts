import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { programme } from '../src/programme.ts'
import { patient, trial } from '../src/trial-process.ts'
import { judgeAndEnd } from '../src/verdict.ts'
import { naive } from './naive-pool.ts'

// A row that cannot fail shows nothing. Here each meets a pool that was not thought through.
const verdicts: Record<string, [is: string, said: RegExp]> = {
  'failed-dial': ['fail', /^1 of 3 refused$/],
  'brief-outage': ['fail', /^[23] of 3 refused$/],
  'hanging-dial': ['fail', /^never served$/],
  'slow-dial': ['fail', /^served after the dial$/],
  'dial-storm': ['fail', /^100 dials at a time$/],
  'async-context': ['fail', /^runs in it$/],
  'failed-probe': ['fail', /^never asks$/],
  'hanging-probe': ['fail', /^never asks$/],
  'dead-socket': ['fail', /^lends a dead one$/],
  'dead-socket-unseen': ['fail', /^lends a dead one$/],
  'late-bytes': ['fail', /^the next one reads it$/],
  'min-restored': ['fail', /^0 of 3 stand after 2 s$/],
  'released-twice': ['fail', /^lent to two$/],
  'release-in-callback': ['fail', /^throws: Maximum call stack size exceeded$/],
  'reset-first': ['fail', /^lends it after a failed reset$/],
  'given-up': ['fail', /^pending where it should time out$/],
  'queue-room': ['lacks', /^no queue limit$/],
  'hanging-close': ['fail', /^never served$/],
  'closing-counted': ['fail', /^[34] open at a time$/],
  'waiter-at-close': ['fail', /^the waiter never hears$/],
  'kept-lease': ['fail', /^leaves it open$/],
  'after-close': ['fail', /^pending after a while$/],
}

/** These end its process, or are about its end. */
const apart: Record<string, [is: string, said: RegExp]> = {
  'idle-error': ['fail', /^the process ends: uncaught: ECONNRESET$/],
  'idle-error-unheard': ['fail', /^the process ends: uncaught: ECONNRESET$/],
  'lent-error': ['fail', /^the process ends: uncaught: ECONNRESET$/],
  'idle-process': ['pass', /^$/],
  'idle-sockets': ['fail', /^holds the process$/],
}

/** It has no timeout at all, so this would only take time: see mass-expiry.test.ts. */
const elsewhere = ['mass-expiry']

test('the naive pool meets every row', { timeout: 10_000 }, () => {
  const met = [...Object.keys(verdicts), ...Object.keys(apart), ...elsewhere]
  assert.deepEqual(met.sort(), programme.map(({ name }) => name).sort())
})

describe('a naive pool', { concurrency: true }, () => {
  for (const row of programme) {
    const [is, said] = verdicts[row.name] ?? apart[row.name] ?? []
    if (is === undefined || said === undefined) continue
    test(`${is === 'pass' ? 'passes' : 'does not pass'} ${row.name}`, {
      timeout: 60_000,
    }, async () => {
      const verdict = await (row.name in apart
        ? trial('naive', row, import.meta.resolve('./naive-pool.ts'), {
            ...patient,
            leaving: 1_500,
          })
        : judgeAndEnd(row, naive))
      assert.equal(verdict.is, is, verdict.said)
      assert.match(verdict.said, said)
    })
  }
})
