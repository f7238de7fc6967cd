import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { compile } from './compile.ts'
import { Crew } from './crew.ts'
import { Modules } from './modules.ts'
import { applied, mutantsOf } from './mutations.ts'
import { knownFaults } from './other-pools.ts'
import { plant } from './plant.ts'
import { speaksOf } from './score.ts'
import { argued } from './survivors.ts'
import type { Scope } from './trial.ts'

const CORE = 'tests of core'
const POOL = 'tests of pool'

const root = compile()
const modules = new Modules(root)

describe('the faults in a file', () => {
  const code = `
    exports.LIMIT = 2 + 3;
    class Queue {
      #size = 0;
      add(member) {
        if (member === null || this.#size >= exports.LIMIT)
          return false;
        this.#size++;
        return true;
      }
    }`

  test('are statements left out, conditions turned, and boundaries moved', () => {
    const found = mutantsOf('core/queue', code).map(({ where, from, to }) => [
      where,
      from.replaceAll(/\s+/g, ' '),
      to,
    ])
    const full = 'member === null || this.#size >= exports.LIMIT'
    assert.deepEqual(found, [
      ['LIMIT', '2 + 3', '2 - 3'],
      ['add', `if (${full}) return false;`, ';'],
      ['add', full, `!(${full})`],
      ['add', full, 'member === null && this.#size >= exports.LIMIT'],
      ['add', full, 'member === null'],
      ['add', full, 'this.#size >= exports.LIMIT'],
      ['add', 'member === null', 'member !== null'],
      ['add', 'this.#size >= exports.LIMIT', 'this.#size > exports.LIMIT'],
      ['add', 'return false;', ';'],
      ['add', 'this.#size++;', ';'],
      ['add', 'this.#size++', 'this.#size--'],
      ['add', 'return true;', ';'],
    ])
  })

  test('are each put in by itself', () => {
    const [first] = mutantsOf('core/queue', code)
    assert.ok(first !== undefined)
    assert.equal(applied(first, code), code.replace('2 + 3', '2 - 3'))
  })
})

describe('what is argued for', () => {
  for (const entry of argued) {
    test(`is there: ${entry.file} ${entry.where ?? ''} ${entry.from}`, () => {
      const code = modules.read(`src/${entry.file}.js`)
      const isThere = mutantsOf(entry.file, code).some((mutant) => speaksOf(entry, mutant))
      assert.ok(isThere, 'no fault is made that it speaks of')
    })
  }
})

describe('a fault that is planted', { timeout: 60_000 }, () => {
  const crew = new Crew(root, 1, 4_000)
  after(() => crew.dismiss())
  const messageOf = async (path: string, from: string, to: string, scope: Scope = CORE) => {
    const code = modules.read(path)
    assert.ok(code.includes(from), `it is not there: ${from}`)
    const finding = await crew.try({ scope, code: { [path]: code.replace(from, to) } })
    return finding?.message ?? null
  }

  test('is found, and where there is none nothing is', async () => {
    assert.equal(await messageOf('src/core/list.js', 'this.size++;', 'this.size++;'), null)
    assert.ok(await messageOf('src/core/list.js', 'this.size++;', ''))
    assert.equal(await messageOf('src/core/list.js', 'this.size++;', 'this.size++;'), null)
  })

  test('is found when it loops for ever', async () => {
    const found = await messageOf('src/core/list.js', 'this.size++;', 'for (;;);')
    assert.equal(found, 'took too long')
  })

  test('is found when it ends the process', async () => {
    const last = 'process.stderr.write("no more"); process.exit(7);'
    const found = await messageOf('src/core/list.js', 'this.size++;', last)
    assert.equal(found, 'ended the process (7) no more')
  })

  test('is found when somebody waits for what never comes', async () => {
    const found = await messageOf('src/pool/ticket.js', 'this.#resolve(value);', '', POOL)
    assert.equal(found, 'waits for what never comes')
  })
})

describe('the faults of other pools', () => {
  test('can be planted', () => {
    const planted = plant(knownFaults, root)
    assert.equal(planted.length, knownFaults.length)
  })

  test('are refused when what they replace is not there once', () => {
    const fault = { name: 'a fault', law: null, file: 'core/list', to: '' }
    const absent = () => plant([{ ...fault, from: 'no such code' }], root)
    assert.throws(absent, /"a fault" cannot be planted: it is 0 times in core\/list\.ts:\nno such/)
    const twice = () => plant([{ ...fault, from: 'this.first = ' }], root)
    assert.throws(twice, /it is [2-9] times/)
  })
})
