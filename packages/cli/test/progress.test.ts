import assert from 'node:assert/strict'
import { test } from 'node:test'
import { barLine, createProgress } from '../src/progress.ts'

function terminal(isTTY: boolean): { isTTY: boolean; text: string; write(text: string): void } {
  return {
    isTTY,
    text: '',
    write(text) {
      this.text += text
    },
  }
}

test('what is no terminal gets plain lines', () => {
  const output = terminal(false)
  const progress = createProgress(output, 1000, {})
  progress.step('new', 'warm-up', 200)
  progress.step('new', 'measuring', 800)
  progress.end()
  assert.equal(output.text, 'new: warm-up, 0.2 s\nnew: measuring, 0.8 s\n')
})

test('a terminal that can do nothing gets plain lines', () => {
  const output = terminal(true)
  createProgress(output, 1000, { TERM: 'dumb' }).step('new', 'warm-up', 200)
  assert.equal(output.text, 'new: warm-up, 0.2 s\n')
})

test('a terminal gets a bar, and its line back at the end', () => {
  const output = terminal(true)
  const progress = createProgress(output, 1000, {})
  progress.step('new', 'warm-up', 1000)
  progress.end()
  progress.end()
  assert.match(output.text, /new: warm-up, 1 s left/)
  assert.ok(output.text.includes('\x1b[32m'))
  assert.ok(output.text.endsWith('\r\x1b[K'))
})

test('NO_COLOR takes the colours, not the bar', () => {
  const output = terminal(true)
  const progress = createProgress(output, 1000, { NO_COLOR: '1' })
  progress.step('new', 'warm-up', 1000)
  progress.end()
  assert.ok(output.text.includes('░'))
  assert.ok(!output.text.includes('\x1b[3'))
})

test('the bar is never longer than full', () => {
  assert.equal(barLine(2000, 1000, 'x', false, 30), `${'█'.repeat(30)} 100 %  x, 0 s left`)
  assert.equal(
    barLine(500, 1000, 'x', false, 30),
    `${'█'.repeat(15)}${'░'.repeat(15)} 50 %  x, 1 s left`,
  )
})
