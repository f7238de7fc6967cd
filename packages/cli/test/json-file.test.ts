import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { proveWritable, writeJson } from '../src/json-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'connpool-'))
after(() => rmSync(folder, { recursive: true }))

test('a file that can be written is proved without a trace', () => {
  const path = join(folder, 'new.json')
  proveWritable(path)
  assert.equal(existsSync(path), false)
})

test('a file that is there keeps its content until the end', () => {
  const path = join(folder, 'old.json')
  writeFileSync(path, 'old')
  proveWritable(path)
  assert.equal(readFileSync(path, 'utf8'), 'old')
  writeJson(path, { a: 1 })
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), { a: 1 })
})

test('a folder, or a file in a folder that is not there, is refused', () => {
  assert.throws(() => proveWritable(folder), { name: 'FlagError', message: /cannot be written/ })
  assert.throws(() => proveWritable(join(folder, 'no', 'x.json')), /--json .* cannot be written/)
})
