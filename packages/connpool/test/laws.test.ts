import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const src = fileURLToPath(new URL('../src', import.meta.url))
const tests = fileURLToPath(new URL('.', import.meta.url))
const page = fileURLToPath(new URL('../../../docs/laws.md', import.meta.url))

/** A line of the table: a law, where it is kept, and what shows it. */
interface Row {
  readonly law: number
  /** Files below src; in brackets behind each, members of it. */
  readonly kept: string
  readonly shown: string
}

const text = readFileSync(page, 'utf8')
const laws = [...text.matchAll(/^(\d+)\. /gm)].map(([, law]) => Number(law))
const rows = [...text.matchAll(/^\| (\d+) \| (.*) \| (.*) \|$/gm)].map(
  ([, law, kept = '', shown = '']): Row => ({ law: Number(law), kept, shown }),
)

/** The laws that the comments of a file name: `law 3`, `laws 2, 8 and 9`. */
function lawsIn(file: string): number[] {
  const code = readFileSync(join(src, file), 'utf8')
  const mentions = code.matchAll(/\blaws? (\d+(?:(?:, | and )\d+)*)/gi)
  return [...mentions].flatMap(([, list = '']) => list.split(/, | and /).map(Number))
}

test('the table has each law once, in order', { timeout: 10_000 }, () => {
  assert.equal(laws.length, 25)
  assert.deepEqual(
    rows.map(({ law }) => law),
    laws,
  )
})

describe('a law of the table', { timeout: 10_000 }, () => {
  for (const { law, kept, shown } of rows) {
    test(`${law} is named in each file that keeps it, and shown by tests that are there`, () => {
      for (const [, file = '', members = ''] of kept.matchAll(/`([^`]+\.ts)`(?: \(([^)]*)\))?/g)) {
        assert.ok(lawsIn(file).includes(law), `${file} does not name it`)
        const code = readFileSync(join(src, file), 'utf8')
        for (const [, member = ''] of members.matchAll(/`([^`]+)`/g)) {
          assert.ok(code.includes(`${member}(`), `${file} has no ${member}`)
        }
      }
      const witnesses = [...shown.matchAll(/`([^`]+)`/g)].map(([, witness = '']) => witness)
      assert.notEqual(witnesses.length, 0)
      for (const witness of witnesses) {
        assert.ok(existsSync(join(tests, `${witness}.test.ts`)), `there is no ${witness}.test.ts`)
      }
    })
  }
})

test('a file that names a law is in its row', { timeout: 10_000 }, () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  const unlisted = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => lawsIn(file).map((law) => ({ file, law })))
    .filter(({ file, law }) => {
      return rows.find((row) => row.law === law)?.kept.includes(`\`${file}\``) !== true
    })
  assert.deepEqual(unlisted, [])
})
