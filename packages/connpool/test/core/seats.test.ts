import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Seat, Seats } from '../../src/core/seats.ts'

test('the fullest with a lease to spare is always first, and those to spare are counted', () => {
  const step = fc.record({
    kind: fc.constantFrom('gain', 'gain', 'lose', 'remove'),
    who: fc.nat(7),
  })
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      fc.array(step, { maxLength: 150 }),
      (perConnection, steps) => {
        const seats = new Seats<number>(perConnection)
        const members = Array.from({ length: 8 }, (_, owner) => new Seat(owner))
        const leases = members.map(() => 0)
        for (const { kind, who } of steps) {
          const seat = members[who]
          const had = leases[who]
          if (seat === undefined || had === undefined) continue
          if (kind === 'gain' && had < perConnection) {
            seats.gain(seat)
            leases[who] = had + 1
          } else if (kind === 'lose' && had > 0) {
            seats.lose(seat)
            leases[who] = had - 1
          } else if (kind === 'remove') {
            seats.remove(seat)
            leases[who] = 0
          }
          const open = leases.filter((count) => count > 0 && count < perConnection)
          const fullest = seats.fullest
          assert.equal(fullest === null ? 0 : leases[fullest], Math.max(0, ...open))
          const spare = open.reduce((sum, count) => sum + perConnection - count, 0)
          assert.equal(seats.free, spare, 'leases that can still be made')
          assert.deepEqual(
            members.map((member) => member.leases),
            leases,
          )
        }
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a full one has no place, and has one again when a lease ends', () => {
  const seats = new Seats<string>(2)
  const seat = new Seat('a')
  seats.gain(seat)
  assert.equal(seats.fullest, 'a')
  seats.gain(seat)
  assert.equal(seats.fullest, null)
  seats.lose(seat)
  assert.equal(seats.fullest, 'a')
  seats.lose(seat)
  assert.equal(seats.fullest, null)
})

test('a step never looks at more than the neighbouring rows', () => {
  // With a row for every count there is a long chain; a walk along it would take time in proportion.
  const perConnection = 20_000
  const seats = new Seats<number>(perConnection)
  const ladder = Array.from({ length: 200 }, (_, owner) => new Seat(owner))
  ladder.forEach((seat, index) => {
    for (let count = 0; count <= index; count++) seats.gain(seat)
  })
  let rows = 0
  for (let row = ladder[0]?.row ?? null; row !== null; row = row.fuller) rows++
  assert.equal(rows, ladder.length, 'a row for each count that occurs')
  for (const seat of ladder.slice(0, -1)) seats.remove(seat)
  assert.equal(seats.fullest, 199)
  const last = ladder.at(-1)
  assert.ok(last?.row)
  assert.deepEqual([last.row.emptier, last.row.fuller], [null, null], 'and none for others')
})
