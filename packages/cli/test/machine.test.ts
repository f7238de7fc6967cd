import assert from 'node:assert/strict'
import type { CpuInfo } from 'node:os'
import { test } from 'node:test'
import { measureMachine } from '../src/machine.ts'

function core(busy: number, idle: number): CpuInfo {
  return { model: '', speed: 0, times: { user: busy, nice: 0, sys: 0, irq: 0, idle } }
}

test('busy cores are counted over the whole machine', () => {
  const readings = [
    [core(1000, 0), core(0, 1000)],
    [core(2000, 0), core(500, 1500)],
  ]
  const end = measureMachine(() => readings.shift() ?? [])
  assert.equal(end(), 1.5)
})

test('a machine that tells nothing is not guessed at', () => {
  assert.equal(measureMachine(() => [])(), null)
  assert.equal(measureMachine(() => [core(5, 5)])(), null)
})
