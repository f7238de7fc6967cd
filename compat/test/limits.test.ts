import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Findings } from '../faults/findings.ts'
import { broken } from '../faults/limits.ts'

const timeout = 5_000

const kept: Findings = {
  version: 'Redis 7',
  max: 8,
  lastedMs: 2_000,
  served: 1_000,
  failed: { ERR_ACQUIRE_TIMEOUT: 3 },
  failedAfterwards: 3,
  refusedAfterwards: 0,
  refusedWhileOpen: 0,
  deadLent: 0,
  unanswered: 8,
  crossed: 0,
  late: { ms: 400, unstalledMs: 50, stallMs: 390 },
  recovery: { tookMs: 600, running: { is: 'nothing' }, allowedMs: 500, failedDials: 0 },
  most: 8,
  counts: { ours: 8, pools: 8, servers: 8 },
  left: { ours: 0, servers: 0, handles: [] },
  warnings: [],
}

test('findings that keep every promise break none', { timeout }, () => {
  assert.deepEqual(broken({ findings: kept }), [])
})

const { late, recovery, counts, left } = kept
const breaches: readonly (readonly [Partial<Findings>, string])[] = [
  [{ late: { ...late, unstalledMs: 51 } }, 'an acquire settled 51 ms past its deadline'],
  [{ most: 9 }, '9 connections open or opening, of 8'],
  [{ recovery: { ...recovery, tookMs: 601 } }, '601 ms to recover, of 600 ms'],
  [
    { recovery: { ...recovery, tookMs: 5_200, allowedMs: 9_000 } },
    '5200 ms to recover, of 5100 ms',
  ],
  [{ recovery: { ...recovery, tookMs: Infinity } }, 'Infinity ms to recover, of 600 ms'],
  [{ recovery: { ...recovery, failedDials: 1 } }, '1 dials failed although the server served'],
  [{ counts: { ...counts, pools: 7 } }, '7 open, says the pool; 8 are'],
  [{ counts: { ...counts, servers: 9 } }, '9 open, says the server; 8 are'],
  [{ counts: { ...counts, servers: null } }, 'null open, says the server; 8 are'],
  [{ left: { ...left, ours: 1 } }, '1 connections open after close()'],
  [{ left: { ...left, servers: 1 } }, '1 connections open after close(), says the server'],
  [{ left: { ...left, handles: ['Timeout'] } }, 'open after close(): Timeout'],
  [{ deadLent: 1 }, '1 dead connections lent'],
  [{ crossed: 1 }, "1 answers to somebody else's question"],
  [{ refusedWhileOpen: 1 }, '1 refused while something was open'],
  [{ refusedAfterwards: 1 }, '1 refused after the recovery'],
  [{ warnings: ['a leak'] }, 'warnings: a leak'],
]
for (const [breach, sentence] of breaches) {
  test(`a promise that is broken is told: ${sentence}`, { timeout }, () => {
    assert.deepEqual(broken({ findings: { ...kept, ...breach } }), [sentence])
  })
}

test('so is a process that ended otherwise than by itself', { timeout }, () => {
  assert.deepEqual(broken({ ended: 'SIGKILL: ' }), ['the process: SIGKILL:'])
  assert.deepEqual(broken({ findings: kept, ended: 'does not end by itself' }), [
    'the process: does not end by itself',
  ])
})
