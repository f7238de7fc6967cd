import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Deadline, Deadlines, OUTSIDE } from '../../src/core/deadlines.ts'

type Moment = Deadline<number>

test('the first is the one a sorted array would name, whatever comes and goes', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ at: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ at: fc.constantFrom(Infinity, -Infinity, 0) }) },
    { weight: 2, arbitrary: fc.record({ leave: fc.nat(100) }) },
    { weight: 1, arbitrary: fc.constant('take the first' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const due = new Deadlines<Moment>()
      let model: Moment[] = []
      let added = 0
      for (const what of steps) {
        let leaver: Moment | null = null
        if (what === 'take the first') leaver = due.first
        else if ('leave' in what) leaver = model[what.leave % model.length] ?? null
        else {
          const moment = new Deadline(added, added++)
          due.add(moment, what.at)
          model.push(moment)
        }
        if (leaver !== null) {
          due.remove(leaver)
          assert.equal(leaver.dueIndex, OUTSIDE)
          model = model.filter((other) => other !== leaver)
        }
        const timed = model.filter((moment) => moment.dueAt < Infinity)
        const [soonest = null] = timed.toSorted((one, other) => one.dueAt - other.dueAt)
        assert.equal(due.first, soonest)
        assert.equal(due.at, soonest?.dueAt ?? Infinity)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('everything comes out in order, and of the same moment in the order it came', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100), { maxLength: 200 }), (times) => {
      const due = new Deadlines<Moment>()
      times.forEach((at, index) => {
        due.add(new Deadline(index, index), at)
      })
      const out: number[] = []
      for (let first = due.first; first !== null; first = due.first) {
        out.push(first.owner)
        due.remove(first)
      }
      const inOrder = [...times.entries()].toSorted(([, one], [, other]) => one - other)
      assert.deepEqual(
        out,
        inOrder.map(([index]) => index),
      )
    }),
  )
})

test('one that is due at the same time as others comes out in order of arrival', () => {
  const due = new Deadlines<Moment>()
  const moments = [0, 1, 2].map((owner) => new Deadline(owner))
  for (const moment of moments) due.add(moment, 7)
  const owners: number[] = []
  for (let first = due.first; first !== null; first = due.first) {
    owners.push(first.owner)
    due.remove(first)
  }
  assert.deepEqual(owners, [0, 1, 2])
})

test('what is never due is not kept, and may be taken out all the same', () => {
  const due = new Deadlines<Moment>()
  const never = new Deadline(0)
  due.add(never, Infinity)
  assert.equal(due.first, null)
  assert.equal(due.at, Infinity)
  due.remove(never)
  due.add(never, 5)
  assert.equal(due.first, never)
})

test('taking out one that is not in changes nothing', () => {
  const due = new Deadlines<Moment>()
  const [inside, outside] = [new Deadline(0), new Deadline(1)]
  due.add(inside, 1)
  due.remove(outside)
  due.remove(inside)
  due.remove(inside)
  assert.equal(due.first, null)
})
