import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../src/connection.ts'
import type { Entrant, Lease, Limits, Supply } from '../src/contestant.ts'
import { massExpiry } from '../src/rows/mass-expiry.ts'
import { judgeAndEnd } from '../src/verdict.ts'

type Refuse = (error: Error) => void

test('refusals that take 150 ms of one turn are a stall', { timeout: 60_000 }, async () => {
  const verdict = await judgeAndEnd(
    massExpiry,
    refusing((waiting) => {
      const started = process.cpuUsage()
      for (const refuse of waiting) refuse(new Error('timeout'))
      while (process.cpuUsage(started).user < 150_000) Math.random()
    }),
  )
  assert.equal(verdict.is, 'fail')
  assert.match(verdict.said, /^stalls for \d+ ms$/)
})

test('refusals that are not in the order of the waiters fail', { timeout: 60_000 }, async () => {
  const verdict = await judgeAndEnd(
    massExpiry,
    refusing((waiting) => {
      for (const refuse of waiting.reverse()) refuse(new Error('timeout'))
    }),
  )
  assert.equal(verdict.is, 'fail')
  assert.match(verdict.said, /^out of order, stalls for \d+ ms$/)
})

/** A pool that has one connection, and refuses all others in one turn, as `refuseAll` does. */
function refusing(refuseAll: (waiting: Refuse[]) => void): Entrant {
  return {
    name: 'refusing',
    lacks: [],
    duty: '',
    async open<C extends Connection>(supply: Supply<C>, { acquireTimeoutMs }: Limits) {
      const connection = await supply.create()
      const waiting: Refuse[] = []
      let lent = false
      const acquire = (): Promise<Lease<C>> => {
        if (lent) {
          if (waiting.length === 0) setTimeout(() => refuseAll(waiting), acquireTimeoutMs)
          return new Promise((_, refuse) => waiting.push(refuse))
        }
        lent = true
        return Promise.resolve({ connection, release: () => {}, destroy: () => {} })
      }
      return { acquire, acquireThen: () => {}, close: async () => {} }
    },
  }
}
