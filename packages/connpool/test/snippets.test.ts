import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  compile,
  examplesOf,
  missingNames,
  run,
  type Snippet,
  snippetsOf,
} from './support/snippets.ts'

const fence = '```'
const block = (code: string, mark = ''): Snippet => {
  const [snippet] = snippetsOf(`${mark}\n${fence}ts\n${code}\n${fence}\n`, 'page.md')
  assert.ok(snippet)
  return snippet
}

async function compileAndRun(snippet: Snippet): Promise<void> {
  await run(snippet, compile([snippet]).get(snippet))
}

describe('the reader of code in pages', () => {
  test('finds blocks by language, with their line and their mark', () => {
    const text = `# x\n\n<!-- run: echo -->\n\n${fence}ts\na\n${fence}\n\n${fence}sh\nls\n${fence}\n${fence}js\nb\n${fence}\n`
    assert.deepEqual(snippetsOf(text, 'page.md'), [
      { at: 'page.md:5', language: 'ts', code: 'a\n', action: 'run', server: 'echo' },
      { at: 'page.md:12', language: 'js', code: 'b\n', action: 'check', server: undefined },
    ])
  })

  test('finds the examples of doc comments', () => {
    const source = `/**\n * Adds.\n *\n * @example\n * ${fence}ts\n * const x = 1\n * ${fence}\n */\n`
    assert.deepEqual(examplesOf(source, 'a.ts'), [
      { at: 'a.ts:5', language: 'ts', code: 'const x = 1\n', action: 'check', server: undefined },
    ])
  })

  test('refuses a server that it does not have and a skip without a reason', () => {
    assert.throws(() => block('x', '<!-- run: smtp -->'), /no such server/)
    assert.throws(() => block('x', '<!-- skip -->'), /needs a reason/)
  })

  test('sees a type error', () => {
    const [sound, other] = [block("const x: string = 'a'\nconsole.log(x)"), block('export {}')]
    const [wrong, long] = [block('const x: string = 1'), block('const x: { y: string } = { y: 1 }')]
    const compiled = compile([sound, wrong, other, long])
    assert.equal(compiled.get(sound)?.complaints, '')
    assert.match(compiled.get(wrong)?.complaints ?? '', /^page\.md:2\(1,7\): error TS2322.*\n$/)
    assert.equal(compiled.get(other)?.complaints, '')
    assert.match(compiled.get(long)?.complaints ?? '', /^page\.md:2\(1,28\): error TS2322/)
  })

  test('sees a name that the package does not export', async () => {
    assert.deepEqual(await missingNames(block("import { nonesuch, type T } from 'connpool'")), [
      'nonesuch',
    ])
  })

  test('runs a block against a server and sees what it prints', async () => {
    const code = `import { connect } from 'node:net'
const socket = connect({ host: '127.0.0.1', port: 6379 })
socket.write('PING\\r\\n')
socket.once('data', (data) => { console.log(String(data)); socket.destroy() })`
    await compileAndRun(block(`${code}\n// prints: +PONG`, '<!-- run: redis -->'))
    await assert.rejects(
      compileAndRun(block(`${code}\n// prints: +PANG`, '<!-- run: redis -->')),
      /promises/,
    )
  })

  test('sees a block that throws', async () => {
    await assert.rejects(
      compileAndRun(block("throw new Error('on purpose')", '<!-- run -->')),
      /on purpose/,
    )
  })
})
