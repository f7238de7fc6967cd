import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withTable } from '../faults/page.ts'

const timeout = 5_000

const page = 'before\n<!-- faults: begin -->\nold\n<!-- faults: end -->\nafter\n'

test('what is between the marks is replaced, and nothing else', { timeout }, () => {
  const written = 'before\n<!-- faults: begin -->\n\nnew\n\n<!-- faults: end -->\nafter\n'
  assert.equal(withTable(page, 'new'), written)
  assert.equal(withTable(written, 'new'), written)
})

test('a page without the two marks is refused', { timeout }, () => {
  for (const wrong of ['', 'before', page.replace('end', 'ende'), page + page]) {
    assert.throws(() => withTable(wrong, 'new'), /needs <!-- faults: begin -->/)
  }
})
