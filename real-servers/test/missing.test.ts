import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { beforeEach, test } from 'node:test'
import { requireProgram, skipWithout } from '../src/missing.ts'

beforeEach((t) => {
  const { REQUIRE_SERVERS, PATH } = process.env
  delete process.env.REQUIRE_SERVERS
  if (!('after' in t)) return
  t.after(() => {
    process.env.PATH = PATH
    if (REQUIRE_SERVERS !== undefined) process.env.REQUIRE_SERVERS = REQUIRE_SERVERS
  })
})

test('a test is skipped where its program is not installed, with the reason', () => {
  assert.equal(skipWithout('no-such-server'), 'needs no-such-server')
  assert.equal(
    skipWithout('no-such-server', 'or NO_SUCH_URL'),
    'needs no-such-server (or NO_SUCH_URL)',
  )
})

test('and fails there if nothing may be missing', () => {
  process.env.REQUIRE_SERVERS = '1'
  assert.equal(skipWithout('no-such-server'), false)
  assert.throws(() => requireProgram('no-such-server'), /no-such-server is not installed/)
})

test('a program is found on PATH', { skip: process.platform === 'win32' }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connpool-path-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'no-such-server')
  process.env.PATH += `${delimiter}${folder}`
  writeFileSync(path, '')
  assert.equal(skipWithout('no-such-server'), 'needs no-such-server', 'it cannot be executed')
  chmodSync(path, 0o755)
  assert.equal(skipWithout('no-such-server'), false)
  assert.equal(requireProgram('no-such-server'), path)
})

test('and in the usual places', { skip: process.platform !== 'linux' }, () => {
  process.env.PATH = ''
  assert.match(requireProgram('sh'), /^\/.*\/sh$/)
})
