import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expireTogether } from '../src/expire.ts'
import { runBench } from './support/run-bench.ts'

test('every contestant has a line: how long its waiters stall the loop, and whether in order', async () => {
  const { code, stdout, stderr } = await runBench('expiry', '--waiters', '300', '--rounds', '1')
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^300 waiters expire together$/m)
  assert.match(stdout, /^ {2}connpool \d+\.\d+\.\d+( +\d+\.\d){5} +\d+ +\d+ +yes$/m)
  assert.match(stdout, /^ {2}floor: a timer each( +\d+\.\d){5} +\d+ +\d+ +yes$/m)
  assert.equal(stdout.match(/^ {2}(generic-pool|lightning-pool|tarn) /gm)?.length, 3)
})

test('who is told out of order is found out, and who is served after all', async () => {
  const late = (ms: number) => () =>
    new Promise((_, reject) => void setTimeout(() => reject(new Error('too late')), ms--))
  const terms = { waiters: 3, timeoutMs: 5 }
  assert.equal((await expireTogether(late(5), terms)).inOrder, false)
  assert.equal((await expireTogether(async () => {}, terms)).inOrder, false)
})

test('no waiters end it with status 1 and a sentence', async () => {
  const { code, stdout, stderr } = await runBench('expiry', '--waiters', '0')
  assert.equal(code, 1)
  assert.match(stderr, /^bench:expiry: --waiters takes a whole number from 1 to 1000000, not '0'$/m)
  assert.equal(stdout, '')
})
