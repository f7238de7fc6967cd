import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { measureSeries } from '../src/scale/curves.ts'
import { svgOf } from '../src/scale/plot.ts'
import { allSeries, type Series } from '../src/scale/series.ts'
import { runBench, runBenchIn } from './support/run-bench.ts'

test('a quick run has a block and a plot for every figure', { timeout: 110_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'connpool-bench-'))
  try {
    const args = ['--most', '1', '--out', 'plots', '--json', 'figures.json']
    const { code, stdout, stderr } = await runBenchIn(folder, 'scale', '--quick', ...args)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^Waiters queued and drained, by the number of waiters {2}\[waiters\]$/m)
    assert.match(stdout, /these figures mean nothing/)
    // Every contestant, for every figure.
    const lines = allSeries.flatMap(({ contestants, measures }) =>
      Object.keys(measures).flatMap(() => contestants),
    )
    const rows = stdout.match(/^ {2}\S.*? {2,}-?[\d,]+(\.\d)?$/gm) ?? []
    const headers = stdout.match(/^ +1$/gm) ?? []
    assert.equal(rows.length, lines.length, stdout)
    assert.equal(
      headers.length,
      allSeries.flatMap(({ measures }) => Object.keys(measures)).length,
      stdout,
    )

    const plots = allSeries.flatMap(({ name, measures }) =>
      Object.keys(measures).map((measure) => `${name}-${measure}.svg`),
    )
    assert.deepEqual((await readdir(join(folder, 'plots'))).sort(), plots.sort())
    const svg = await readFile(join(folder, 'plots', 'waiters-ns.svg'), 'utf8')
    assert.equal(svg.match(/<polyline /g)?.length, 5)

    const { series } = JSON.parse(await readFile(join(folder, 'figures.json'), 'utf8'))
    const [ours] = series[0].charts[0].curves
    assert.equal(ours.contestant, 'connpool')
    assert.deepEqual(
      ours.points.map(({ size }: { size: number }) => size),
      [1],
    )
    assert.ok(ours.points[0].figure.median > 0)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a contestant that fails at a size is not asked again, and its curve ends there', async () => {
  const asked: string[] = []
  const series: Series = {
    name: 'planted',
    title: 'Planted',
    of: 'waiters',
    sizes: [1, 10, 100],
    contestants: ['fast', 'slow'].map((name) => ({ name, title: name, packageName: null })),
    measures: { ns: 'ns' },
    point: async (contestant, size) => {
      asked.push(`${contestant} ${size}`)
      if (contestant === 'slow' && size === 10 && asked.length > 6)
        throw new Error('slow: too late')
      return { ns: size * asked.length }
    },
  }
  const terms = { sizes: series.sizes, rounds: 2, pace: 'quick', say: () => {} } as const
  const { charts, notes } = await measureSeries(series, terms)
  const round = ['fast 1', 'slow 1', 'fast 10', 'slow 10', 'fast 100', 'slow 100']
  assert.deepEqual(asked, [...round, ...round.slice(0, 5)])
  assert.deepEqual(notes, ['at 10 waiters, slow: too late'])
  const sizes = charts[0]?.curves.map(({ points }) => points.map(({ size }) => size))
  assert.deepEqual(sizes, [[1, 10, 100], [1]])
  // 1 x 1 in the first round, 1 x 7 in the second.
  assert.deepEqual(charts[0]?.curves[0]?.points[0]?.figure, { median: 4, min: 1, max: 7 })
})

test('on both axes a decade is as long as any other', () => {
  const points = [
    { x: 1, y: 10 },
    { x: 10, y: 100 },
    { x: 100, y: 1_000 },
    { x: 1_000, y: 0 },
  ]
  const svg = svgOf({
    title: 'a < b & c',
    x: 'waiters',
    y: 'ns',
    lines: [{ title: 'one', points }],
  })
  const path = /<polyline points="([^"]*)"/.exec(svg)?.[1] ?? ''
  const places = path.split(' ').map((place) => place.split(',').map(Number))
  assert.equal(places.length, 3, 'a logarithm knows no zero')
  const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = places
  assert.equal(x1 - x0, x2 - x1)
  assert.equal(y1 - y0, y2 - y1)
  assert.ok(x1 > x0 && y1 < y0, 'to the right, and up')
  assert.match(svg, />a &lt; b &amp; c</)
})

test('a plot without a point is a plot', () => {
  assert.match(svgOf({ title: 'none', x: 'x', y: 'y', lines: [] }), /^<svg [\s\S]*<\/svg>\n$/)
})

const mistakes: Record<string, [args: string[], sentence: RegExp]> = {
  'a series that does not exist': [['--only', 'sleep'], /no series is called 'sleep'; there are w/],
  'no sizes': [['--most', '0'], /--most takes a whole number from 1 to 1000000, not '0'/],
  'an unknown flag': [['--loud'], /Unknown option '--loud'/],
}

for (const [mistake, [args, sentence]] of Object.entries(mistakes)) {
  test(`${mistake} ends it with status 1 and a sentence`, { timeout: 30_000 }, async () => {
    const { code, stdout, stderr } = await runBench('scale', ...args)
    assert.equal(code, 1)
    assert.match(stderr, sentence)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.equal(stdout, '')
  })
}
