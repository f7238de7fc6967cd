import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Linked, List } from '../../src/core/list.ts'

class Member implements Linked<Member> {
  prev: Member | null = null
  next: Member | null = null
}

/** The members from the newest end, as the backward links have them. */
function backward(list: List<Member>): Member[] {
  const members: Member[] = []
  for (let member = list.last; member !== null; member = member.prev) members.push(member)
  return members
}

test('a list keeps the order of an array, whatever joins and leaves it', () => {
  const step = fc.record({ kind: fc.constantFrom('push', 'unshift', 'remove'), pick: fc.nat(100) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const list = new List<Member>()
      let model: Member[] = []
      for (const { kind, pick } of steps) {
        const member = new Member()
        if (kind === 'push') {
          list.push(member)
          model.push(member)
        } else if (kind === 'unshift') {
          list.unshift(member)
          model.unshift(member)
        } else {
          const leaver = model[pick % model.length]
          if (leaver === undefined) continue
          list.remove(leaver)
          model = model.filter((other) => other !== leaver)
          assert.deepEqual([leaver.prev, leaver.next], [null, null])
        }
        assert.equal(list.size, model.length)
        assert.equal(list.first, model[0] ?? null)
        assert.equal(list.last, model.at(-1) ?? null)
        assert.ok(same(list.toArray(), model) && same(backward(list).reverse(), model))
      }
    }),
  )
})

test('one that left may join again, at either end', () => {
  const list = new List<Member>()
  const [a, b] = [new Member(), new Member()]
  list.push(a)
  list.push(b)
  list.remove(a)
  list.push(a)
  assert.ok(same(list.toArray(), [b, a]))
  list.remove(a)
  list.unshift(a)
  assert.ok(same(list.toArray(), [a, b]))
})

test('toArray is a copy: the list may change while it is read', () => {
  const list = new List<Member>()
  for (let left = 3; left > 0; left--) list.push(new Member())
  for (const member of list.toArray()) list.remove(member)
  assert.equal(list.size, 0)
  assert.equal(list.first, null)
  assert.equal(list.last, null)
})

function same(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((member, index) => member === right[index])
}
