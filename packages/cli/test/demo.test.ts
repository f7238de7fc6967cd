import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runCommand } from '../src/command.ts'
import type { Figures } from '../src/figures.ts'
import { canListProcesses, demoChildren } from './child-processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'connpool-'))
after(() => rmSync(folder, { recursive: true }))

test('a small run measures all three modes and leaves no process behind', async () => {
  const json = join(folder, 'figures.json')
  let stdout = ''
  let stderr = ''
  const args = ['demo', '--connections', '10', '--duration', '0.3', '--max', '4', '--json', json]
  const status = await runCommand(args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env: {},
    signal: new AbortController().signal,
  })
  assert.equal(status, 0, stderr)
  assert.equal(stderr.split('\n').length, 7, stderr)
  assert.match(stdout, /^requests\/s +[\d,]+ +[\d,]+ +[\d,]+ +[\d.]+ x +[\d.]+ x$/m)
  assert.match(stdout, /Little's law/)
  if (canListProcesses) assert.deepEqual([...demoChildren(process.pid)], [])

  const report = JSON.parse(readFileSync(json, 'utf8'))
  assert.equal(report.version, 1)
  assert.deepEqual(Object.keys(report.modes), ['new', 'agent', 'connpool'])
  for (const figures of Object.values<Figures>(report.modes)) {
    const { mode } = figures
    assert.ok(figures.answered > 0, mode)
    assert.equal(figures.errors, 0, mode)
    assert.deepEqual(figures.failures, {}, mode)
    assert.ok(figures.latencyMs.p50 > 0 && figures.latencyMs.p50 <= figures.latencyMs.p99, mode)
    assert.ok(figures.latencyMs.p99 <= figures.latencyMs.max * 1.002, mode)
    assert.ok(figures.gateway.cpuUsPerRequest > 0, mode)
    assert.ok(figures.gateway.peakMemoryBytes > 10_000_000, mode)
    assert.ok(figures.heldMs > 0, mode)
    // Ten clients have ten requests under way at most. Those that were begun before the window count
    // whole, and those that end after it not at all: ten each, and none longer than the longest.
    const windowMs = (figures.answered / figures.requestsPerSecond) * 1_000
    const underWay = (figures.answered * figures.latencyMs.mean) / windowMs
    const atTheEdges = (10 * figures.latencyMs.max) / windowMs
    assert.ok(underWay <= 10 + atTheEdges, `${mode}: ${underWay} requests under way`)
    assert.ok(underWay + atTheEdges > 3, `${mode}: ${underWay} requests under way`)
  }
  const { new: fresh, agent, connpool } = report.modes
  assert.ok(fresh.connections.opened >= fresh.answered)
  for (const kept of [agent, connpool]) {
    assert.ok(kept.connections.opened <= 4, `${kept.mode} opened ${kept.connections.opened}`)
    assert.equal(kept.connections.accepted, kept.connections.opened)
    assert.ok(kept.connections.mostOpen <= 4)
  }
})
