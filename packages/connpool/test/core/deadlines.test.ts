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

test('each finds its place again when it has sunk below others, and leaves nobody else', () => {
  for (let count = 2; count <= 16; count++) {
    for (let victim = 2; victim <= count; victim++) {
      const due = new Deadlines<Moment>()
      const moments = Array.from({ length: count }, (_, index) => new Deadline(index + 1))
      due.add(new Deadline(0), count + 1)
      for (const moment of moments.toReversed()) due.add(moment, moment.owner)
      for (const [index, moment] of moments.entries()) {
        if (index === 0 || moment.owner === victim) due.remove(moment)
      }
      const left: number[] = []
      for (let first = due.first; first !== null; first = due.first) {
        left.push(first.owner)
        due.remove(first)
      }
      const others = moments.map(({ owner }) => owner).filter((o) => o !== 1 && o !== victim)
      assert.deepEqual(left, [...others, 0])
    }
  }
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

test('what comes in order joins the run, whatever comes out of order, and pays for no heap', () => {
  const due = new Deadlines<Moment>()
  const [first, second, third] = [new Deadline(0), new Deadline(1), new Deadline(2)]
  due.add(first, 5)
  due.add(new Deadline(9), 1)
  due.add(second, 5)
  due.add(third, 8)
  assert.deepEqual([second.dueIndex, third.dueIndex], [first.dueIndex, first.dueIndex])
})

test('one that was taken out holds no other', () => {
  const due = new Deadlines<Moment>()
  const moments = [0, 1, 2].map((owner) => new Deadline(owner))
  for (const moment of moments) due.add(moment, 7)
  for (const moment of moments.toReversed()) {
    due.remove(moment)
    assert.deepEqual([moment.earlier, moment.later], [null, null])
  }
})
