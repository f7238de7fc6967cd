import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type FaultName, faultCalled } from '../faults/fault.ts'
import { broken } from '../faults/limits.ts'
import { servers, skipOf } from '../faults/programme.ts'
import { trial } from '../faults/trial.ts'

// The short form of `npm run test:faults`, which also counts and times what is only checked here.

const timeout = 90_000

const short: readonly (readonly [FaultName, string])[] = [
  ['kill', 'is killed and started again'],
  ['freeze', 'is stopped for a while'],
]

describe('a pool under load keeps its promises when its server', { concurrency: 2 }, () => {
  for (const [name, what] of short) {
    const fault = faultCalled(name)
    for (const server of servers) {
      const skip = skipOf(server, fault)
      test(`${what}: ${server.name}`, { timeout, skip }, async () => {
        const outcome = await trial(server, fault, fault.brieflyMs)
        assert.deepEqual(broken(outcome), [], JSON.stringify(outcome, null, 2))
        assert.ok((outcome.findings?.served ?? 0) > 0)
      })
    }
  }
})
