import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const home = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
  version: string
  engines: { node: string }
  exports: Record<string, unknown>
  dependencies?: unknown
  scripts?: unknown
}
const entries = Object.keys(manifest.exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => `connpool${subpath.slice(1)}`)

/** An empty folder in which the packed tarball, and nothing else, is installed. */
let consumer = ''
let files: string[] = []

before(() => {
  consumer = mkdtempSync(join(tmpdir(), 'connpool-packed-'))
  const npm = run('npm', 'pack', '--silent', '--pack-destination', consumer, home)
  const tarball = npm.trim().split('\n').at(-1)
  assert.ok(tarball)
  run('tar', '-xzf', tarball)
  mkdirSync(join(consumer, 'node_modules'))
  const installed = join(consumer, 'node_modules/connpool')
  renameSync(join(consumer, 'package'), installed)
  files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
})

after(() => rmSync(consumer, { recursive: true, force: true }))

/** Runs a program in the consumer's folder as a user's shell would, and returns what it prints. */
function run(command: string, ...args: string[]): string {
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: consumer,
    encoding: 'utf8',
    env,
  })
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

describe('the packed tarball', () => {
  for (const entry of entries) {
    test(`${entry} has the same names through import and through require()`, () => {
      const print = 'process.stdout.write(JSON.stringify(Object.keys(entry).sort()))'
      const imported = run(
        process.execPath,
        '--input-type=module',
        '-e',
        `import * as entry from '${entry}'; ${print}`,
      )
      const required = run(
        process.execPath,
        '--input-type=commonjs',
        '--no-warnings',
        '-e',
        `const entry = require('${entry}'); ${print}`,
      )
      const names = JSON.parse(imported) as string[]
      assert.ok(names.length > 0)
      assert.deepEqual(
        (JSON.parse(required) as string[]).filter((name) => name !== '__esModule'),
        names,
      )
    })
  }

  test('only what exports names can be reached', () => {
    const code = "import('connpool/dist/core/machine.js').catch((error) => console.log(error.code))"
    assert.equal(run(process.execPath, '-e', code).trim(), 'ERR_PACKAGE_PATH_NOT_EXPORTED')
    const version = "console.log(require('connpool/package.json').version)"
    assert.equal(run(process.execPath, '-e', version).trim(), manifest.version)
  })

  test('it needs nothing else and runs nothing when it is installed', () => {
    assert.equal(manifest.dependencies, undefined)
    assert.equal(manifest.scripts, undefined)
    assert.equal(manifest.engines.node, '>=20.19')
  })

  test('its rude server starts in a process of its own, through import and through require()', () => {
    const talk = `
      async function talk({ RudeProcess }) {
        const server = await RudeProcess.start()
        const socket = require('node:net').connect(server.port, server.host)
        socket.write('hello')
        const [reply] = await require('node:events').once(socket, 'data')
        socket.destroy()
        await server.close()
        console.log(String(reply))
      }`
    const imported = `${talk}; import('connpool/testing').then(talk)`
    const required = `${talk}; talk(require('connpool/testing'))`
    for (const code of [imported, required]) {
      assert.equal(run(process.execPath, '--no-warnings', '-e', code).trim(), 'hello')
    }
  })

  test('every map points to a source that is in it, and nothing in it is a leftover', () => {
    for (const file of files.filter((name) => name.endsWith('.map'))) {
      const installed = join(consumer, 'node_modules/connpool')
      const { sources } = JSON.parse(readFileSync(join(installed, file), 'utf8')) as {
        sources: string[]
      }
      for (const source of sources) {
        assert.ok(files.includes(join(file, '..', source)), `${file} names ${source}`)
      }
    }
    for (const file of files.filter((name) => /^dist\/.*\.js$/.test(name))) {
      assert.ok(
        files.includes(file.replace(/^dist/, 'src').replace(/js$/, 'ts')),
        `${file} is stale`,
      )
    }
    assert.deepEqual(
      files.filter((name) => /tsbuildinfo|tsconfig|\.test\./.test(name)),
      [],
    )
    for (const name of ['README.md', 'LICENSE']) assert.ok(files.includes(name), name)
  })
})
