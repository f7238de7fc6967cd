import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runRounds, type WireContestant } from '../src/wire/rounds.ts'
import { upstreams } from '../src/wire/upstreams.ts'
import { runBench, runBenchIn } from './support/run-bench.ts'

test('a quick run has a line for every lender at each number of borrowers', {
  timeout: 100_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'connpool-bench-'))
  try {
    const works = ['--only', 'echo-1', '--only', 'echo-100']
    const json = ['--json', 'figures.json']
    const { code, stdout, stderr } = await runBenchIn(folder, 'wire', '--quick', ...works, ...json)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^1 borrower on 1 connection, 64 B there and back {2}\[echo-1\]$/m)
    assert.match(stdout, /^100 borrowers on 50 connections, .* {2}\[echo-100\]$/m)
    assert.equal(stdout.match(/^ {2}connpool \d+\.\d+\.\d+( +\d+(\.\d+)?){8}$/gm)?.length, 2)
    assert.equal(
      stdout.match(/^ {2}floor: sockets by hand( +1\.00){3}( +\d+(\.\d+)?){5}$/gm)?.length,
      2,
    )
    assert.equal(stdout.match(/^ {2}control: the floor again( +\d+(\.\d+)?){8}$/gm)?.length, 2)
    assert.match(stdout, /these figures mean nothing/)

    const { echo, gateway } = JSON.parse(await readFile(join(folder, 'figures.json'), 'utf8'))
    assert.equal(gateway, null)
    const [{ lines }] = echo
    assert.deepEqual(
      lines.map(({ contestant }: { contestant: string }) => contestant),
      ['connpool', 'hand', 'control'],
    )
    for (const { rounds } of lines) {
      const [{ operations, cpuUs, p50Us, p99Us, p999Us }] = rounds
      assert.ok(operations > 0 && cpuUs > 0)
      assert.ok(p50Us > 0 && p50Us <= p99Us && p99Us <= p999Us)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a quick run sends requests through every gateway', { timeout: 100_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'connpool-bench-'))
  try {
    const args = ['--quick', '--only', 'gateway', '--json', 'figures.json']
    const { code, stdout, stderr } = await runBenchIn(folder, 'wire', ...args)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^HTTP gateway, 20 clients \(autocannon\), 5 connections upstream/m)
    const lines = stdout.match(/^ {2}\S.*?( +\d+(\.\d+)?){11}$/gm) ?? []
    assert.equal(lines.length, upstreams.length, stdout)

    const { gateway } = JSON.parse(await readFile(join(folder, 'figures.json'), 'utf8'))
    for (const { contestant, rounds } of gateway.lines) {
      const [{ perSecond, cpuUs, failed, mostOpen, peakMemory }] = rounds
      assert.ok(perSecond > 0 && cpuUs > 0 && peakMemory > 0, contestant)
      assert.ok(mostOpen >= 1 && mostOpen <= 5, `${contestant} had ${mostOpen} connections`)
      assert.equal(failed, 0, contestant)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('rounds take turns, and a ratio compares figures of the same round', async () => {
  const ran: string[] = []
  const cpu: Record<string, number[]> = { ours: [20, 400, 60], floor: [10, 100, 20] }
  const contestants = ['ours', 'floor'].map((name) => ({ name, title: name, version: null }))
  const round = async (order: readonly WireContestant[]) =>
    new Map(
      order.map((who) => {
        ran.push(who.name)
        return [who, { cpuUs: cpu[who.name]?.shift() ?? Number.NaN }]
      }),
    )
  const [ours, floor] = await runRounds({ contestants, floor: 'floor', rounds: 3, round })
  assert.deepEqual(ran, ['ours', 'floor', 'floor', 'ours', 'ours', 'floor'])
  assert.deepEqual(ours?.cpuToFloor, { median: 3, min: 2, max: 4 })
  assert.deepEqual(floor?.cpuToFloor, { median: 1, min: 1, max: 1 })
})

const mistakes: Record<string, [args: string[], sentence: RegExp]> = {
  'a work that does not exist': [['--only', 'echo-2'], /no work is called 'echo-2'; there are ec/],
  'a trial without end': [['--seconds', '31'], /--seconds takes a whole number from 1 to 30/],
  'an unknown flag': [['--loud'], /Unknown option '--loud'/],
}

for (const [mistake, [args, sentence]] of Object.entries(mistakes)) {
  test(`${mistake} ends it with status 1 and a sentence`, { timeout: 30_000 }, async () => {
    const { code, stdout, stderr } = await runBench('wire', ...args)
    assert.equal(code, 1)
    assert.match(stderr, sentence)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.equal(stdout, '')
  })
}
