import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Line, type Placed } from '../../src/core/line.ts'

class Member implements Placed {
  place = 0
  readonly number: number

  constructor(number: number) {
    this.number = number
  }
}

/** A line beside an array that says what it should be. */
class Pair {
  readonly line = new Line<Member>()
  members: Member[] = []
  #count = 0

  push(): void {
    const member = new Member(++this.#count)
    this.line.push(member)
    this.members.push(member)
  }

  remove(index: number): void {
    const member = this.members.at(index % Math.max(1, this.members.length))
    if (member === undefined) return
    this.line.remove(member)
    this.members = this.members.filter((other) => other !== member)
  }

  agree(): void {
    const { line, members } = this
    assert.equal(line.size, members.length)
    assert.equal(line.first, members.at(0) ?? null)
    assert.equal(line.last, members.at(-1) ?? null)
    for (const left of [0, 1, members.length]) {
      const from = members.at(-left)?.number ?? 0
      const newest: Member[] = []
      const isNew = ({ number }: Member) => left > 0 && number >= from
      line.eachNew(isNew, (member) => newest.push(member))
      assert.deepEqual(newest, left === 0 ? [] : members.slice(-left))
    }
  }
}

test('whoever comes and leaves, in turn or not, it is an array of those who are there', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant('push') },
    { weight: 2, arbitrary: fc.constant('first') },
    { weight: 1, arbitrary: fc.constant('last') },
    { weight: 1, arbitrary: fc.nat(60) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const pair = new Pair()
      for (const what of steps) {
        if (what === 'push') pair.push()
        else if (typeof what === 'number') pair.remove(what)
        else pair.remove(what === 'first' ? 0 : -1)
        pair.agree()
      }
    }),
  )
})

test('a full line is as any other, also where its first is not at the first place', () => {
  const pair = new Pair()
  const fill = (until: number) => {
    while (pair.line.size < until) {
      pair.push()
      pair.agree()
    }
  }
  fill(16)
  for (let count = 0; count < 6; count++) pair.remove(0)
  fill(33)
  for (let count = 0; count < 20; count++) pair.remove(0)
  fill(70)
})

test('ten thousand pass through while a few are there, and while all are', () => {
  const narrow = new Pair()
  for (let count = 0; count < 10_000; count++) {
    narrow.push()
    if (count >= 40) narrow.remove(count % 3 === 0 ? 7 : 0)
  }
  narrow.agree()
  const wide = new Pair()
  for (let count = 0; count < 10_000; count++) wide.push()
  wide.agree()
  const { line, members } = wide
  for (const member of members.splice(10, 9_980)) line.remove(member)
  wide.agree()
  for (let count = 0; count < 10_000; count++) wide.push()
  wide.agree()
  for (const member of members.splice(0)) line.remove(member)
  wide.members = []
  wide.agree()
  wide.push()
  wide.agree()
})
