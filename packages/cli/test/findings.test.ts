import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings } from '../src/findings.ts'
import { madeFigures, madeReport } from './made-figures.ts'

test('a pool too small for the think time is said to lose, and the size it needs', () => {
  const text = findings(
    madeReport([
      madeFigures('new', { requestsPerSecond: 9970 }),
      madeFigures('agent', { requestsPerSecond: 7800 }),
      madeFigures('connpool', { requestsPerSecond: 8000, heldMs: 6.2 }),
    ]),
  ).join('\n')
  assert.match(
    text,
    /connections connpool is behind a new connection each time: 8,000 requests\/s against 9,970 \(19\.8 % fewer\)/,
  )
  assert.doesNotMatch(text, /behind node:http's Agent/)
  assert.match(text, /8,000 requests\/s x 6\.20 ms = 49\.6 of 50 connections in use/)
  assert.match(text, /the pool is the limit, 50 connections carry at most 50 \/ 6\.20 ms = 8,065/)
  assert.match(text, /To keep up with a new connection each time \(9,970\/s\) it needs 62/)
  // The gateway, at half a core, could do twice as much.
  assert.match(text, /at most 16,000\/s\) it asks for 100: try --max 100/)
})

test('a pool that is ahead is not said to be behind', () => {
  const text = findings(
    madeReport([
      madeFigures('new', { requestsPerSecond: 5000 }),
      madeFigures('agent', { requestsPerSecond: 9000 }),
      madeFigures('connpool', { requestsPerSecond: 15_000, heldMs: 1 }),
    ]),
  ).join('\n')
  assert.doesNotMatch(text, /behind|higher|more CPU/)
  assert.match(
    text,
    /15\.0 of 50 connections in use; the pool is not what limits the rate, 15 would/,
  )
})

test('being behind by as little as runs differ is said to be noise', () => {
  const text = findings(
    madeReport([
      madeFigures('agent', { requestsPerSecond: 1010 }),
      madeFigures('connpool', { requestsPerSecond: 1000 }),
    ]),
  ).join('\n')
  assert.match(text, /behind node:http's Agent: .*\(1\.0 % fewer, no more than the noise/)
})

test('worse latency and more CPU are said, too', () => {
  const text = findings(
    madeReport([
      madeFigures('new', { latencyMs: { mean: 5, p50: 5, p99: 20, max: 20 } }),
      madeFigures('connpool', {
        gateway: { cpuUsPerRequest: 80, cores: 0.5, peakMemoryBytes: 1 },
      }),
    ]),
  ).join('\n')
  assert.match(text, /p99 latency is higher than that of a new connection each time: 30\.0 ms/)
  assert.match(text, /takes more CPU of the gateway .*: 80\.0 us a request against 50\.0 us/)
})

test('a full CPU is not answered with a bigger pool', () => {
  const gateway = { cpuUsPerRequest: 50, cores: 1, peakMemoryBytes: 1 }
  const text = findings(
    madeReport([madeFigures('connpool', { requestsPerSecond: 20_000, heldMs: 2.5, gateway })]),
  ).join('\n')
  assert.match(text, /the CPU is full too \(of 2 cores the gateway took 100 % of one/)
  assert.doesNotMatch(text, /try --max/)
})

test('errors are counted, named and explained', () => {
  const text = findings(
    madeReport([
      madeFigures('new', {
        errors: 1200,
        errorsSeen: { 'status 502': 1200 },
        failures: { EADDRNOTAVAIL: 1199, EMFILE: 1 },
      }),
    ]),
  ).join('\n')
  assert.match(text, /new: 1,200 requests failed \(1,200 status 502; at the gateway: 1,199 EADDR/)
  assert.match(text, /ran out of local ports/)
  assert.match(text, /ran out of file descriptors/)
})

test('a machine that was busy with something else is said to have been', () => {
  const busy = madeReport([madeFigures('new', { otherCores: 1.26 }), madeFigures('connpool')])
  assert.match(findings(busy).join('\n'), /Other programs were at work .*\(new 1\.3 of 2 cores\)/)
  const quiet = madeReport([madeFigures('new', { otherCores: 0.1 }), madeFigures('connpool')])
  assert.doesNotMatch(findings(quiet).join('\n'), /were at work/)
})
