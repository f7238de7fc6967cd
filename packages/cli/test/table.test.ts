import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderTable } from '../src/table.ts'
import { madeFigures, madeReport } from './made-figures.ts'

const report = madeReport([
  madeFigures('new', { requestsPerSecond: 5000 }),
  madeFigures('agent', { requestsPerSecond: 9000 }),
  madeFigures('connpool', { requestsPerSecond: 15_000, errors: 3 }),
])

test('every figure has its line, with ratios to a new connection each time', () => {
  const lines = renderTable(report).split('\n')
  assert.match(lines[2] ?? '', /^ +new +agent +connpool +agent\/new +connpool\/new$/)
  assert.match(lines[3] ?? '', /^requests\/s +5,000 +9,000 +15,000 +1\.80 x +3\.00 x$/)
  for (const label of [
    'latency, mean ms',
    'latency, p50 ms',
    'latency, p99 ms',
    'gateway CPU, us/request',
    'gateway peak memory, MiB',
    'connections opened',
    '  accepted by the API',
    '  most open at once',
    'errors',
  ]) {
    assert.ok(
      lines.some((line) => line.startsWith(label)),
      label,
    )
  }
  assert.ok(lines.some((line) => /^errors +0 +0 +3$/.test(line)))
})

test('no line is wider than 100 columns', () => {
  for (const line of renderTable(report).split('\n')) assert.ok(line.length <= 100, line)
})
