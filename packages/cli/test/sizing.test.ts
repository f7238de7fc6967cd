import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionsFor, isCpuFull, sizing } from '../src/sizing.ts'
import { madeFigures } from './made-figures.ts'

test("Little's law: connections in use = rate x time held", () => {
  assert.equal(connectionsFor(8000, 6), 48)
  assert.equal(connectionsFor(0, 6), 0)
})

test('a pool that is always busy while the CPU is not is the limit', () => {
  const found = sizing(madeFigures('connpool', { requestsPerSecond: 8000, heldMs: 6 }), 50, 2, 0)
  assert.equal(found.inUse, 48)
  assert.equal(Math.round(found.capacity), 8333)
  assert.equal(found.limit, 'pool')
})

test('a pool with connections to spare is not the limit', () => {
  const found = sizing(madeFigures('connpool', { requestsPerSecond: 1000, heldMs: 6 }), 50, 2, 0)
  assert.equal(found.limit, 'neither')
})

test('a busy pool on a busy machine is limited by the CPU', () => {
  const gateway = { cpuUsPerRequest: 40, cores: 0.97, peakMemoryBytes: 1 }
  const figures = madeFigures('connpool', { requestsPerSecond: 20_000, heldMs: 2.5, gateway })
  assert.equal(sizing(figures, 50, 2, 0).limit, 'cpu')
})

test('three processes that fill the cores together leave no CPU', () => {
  const busy = { cpuUsPerRequest: 1, cores: 0.7 }
  const figures = madeFigures('new', {
    gateway: { ...busy, peakMemoryBytes: 1 },
    api: busy,
    load: busy,
  })
  assert.equal(isCpuFull(figures, 2), true)
  assert.equal(isCpuFull(figures, 4), false)
})

test('a core that other programs take is not there', () => {
  const figures = madeFigures('connpool', { requestsPerSecond: 8000, heldMs: 6, otherCores: 1.15 })
  assert.equal(isCpuFull(figures, 2), true)
  assert.equal(sizing(figures, 50, 2, 0).limit, 'cpu')
  assert.equal(isCpuFull({ ...figures, otherCores: 0.5 }, 2), false)
})

test('a mode that held nothing has no bound', () => {
  assert.equal(sizing(madeFigures('connpool', { heldMs: 0 }), 50, 2, 0).capacity, Infinity)
})

test('a full machine is not what limits connections that are held for the think time', () => {
  const figures = madeFigures('connpool', { requestsPerSecond: 950, heldMs: 52, otherCores: 1.6 })
  assert.equal(isCpuFull(figures, 2), true)
  assert.equal(sizing(figures, 50, 2, 0).limit, 'cpu')
  assert.equal(sizing(figures, 50, 2, 50).limit, 'pool')
  const gateway = { cpuUsPerRequest: 40, cores: 0.97, peakMemoryBytes: 1 }
  assert.equal(sizing({ ...figures, gateway }, 50, 2, 50).limit, 'cpu', 'but a full core is')
})
