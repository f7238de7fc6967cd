import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RudeServer } from '../../src/testing/index.ts'
import { CertificateAuthority } from './certificates.ts'

const home = fileURLToPath(new URL('../..', import.meta.url))
const root = fileURLToPath(new URL('../../../..', import.meta.url))

/**
 * A block of code in prose. What is done with it is said by an HTML comment in front of it, which readers do not see:
 *
 * * nothing: it is type-checked as a module of its own;
 * * `<!-- run -->`: it is also run, and must end by itself with status 0;
 * * `<!-- run: redis -->`, `<!-- run: echo -->`, `<!-- run: http -->`: the same, with that server on loopback; every
 *   `port: 1234` in the block is given the server's port;
 * * `<!-- run: tls -->`: the same, with `echo` over TLS, and its CA in the file `ca.pem`;
 * * `<!-- skip: why -->`: neither, for shell lines disguised as code and for drivers that are not installed here.
 *
 * A comment in a block that is run, `// prints: PONG`, is a promise: these lines are printed, in this order.
 */
export interface Snippet {
  /** The file and the line of the fence: where an error is to be looked for. */
  readonly at: string
  readonly language: 'ts' | 'js'
  readonly code: string
  readonly action: 'check' | 'run' | 'skip'
  readonly server: ServerKind | undefined
}

type ServerKind = keyof typeof greetings | 'tls'

/** The ts and js blocks of a Markdown text. */
export function snippetsOf(markdown: string, file: string, firstLine = 1): Snippet[] {
  const found: Snippet[] = []
  const lines = markdown.split('\n')
  let mark = ''
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ''
    const fence = /^(\s*)```(\w*)/.exec(line)
    if (!fence) {
      const comment = /^\s*<!--\s*(.*?)\s*-->\s*$/.exec(line)
      if (comment) mark = comment[1] ?? ''
      else if (line.trim() !== '') mark = ''
      continue
    }
    const at = `${file}:${firstLine + i}`
    const body: string[] = []
    for (i++; i < lines.length && !/^\s*```\s*$/.test(lines[i] ?? ''); i++) {
      body.push((lines[i] ?? '').slice(fence[1]?.length))
    }
    const language = languages[fence[2] ?? '']
    if (language) found.push({ at, language, code: `${body.join('\n')}\n`, ...actionOf(mark, at) })
    mark = ''
  }
  return found
}

/** The blocks in the `@example`s of a source file's doc comments: the same language, the same marks. */
export function examplesOf(source: string, file: string): Snippet[] {
  const found: Snippet[] = []
  for (const comment of source.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    if (!comment[0].includes('@example')) continue
    const line = source.slice(0, comment.index).split('\n').length
    const text = comment[0].replace(/^\s*\* ?/gm, '').replace(/^[^\n]*@example/m, '')
    found.push(...snippetsOf(text, file, line))
  }
  return found
}

/** Why a snippet cannot be run yet: it imports a name that the built package does not have. */
export async function missingNames(snippet: Snippet): Promise<string[]> {
  const missing: string[] = []
  const imports = /import\s*(?!type\b)\{([^}]*)\}\s*from\s*'(connpool(?:\/[\w-]+)?)'/g
  for (const [, names = '', specifier = ''] of snippet.code.matchAll(imports)) {
    const entry: Record<string, unknown> = await import(specifier).catch(() => ({}))
    for (const part of names.split(',')) {
      const name = part.trim().split(/\s+as\s+/)[0] ?? ''
      if (name !== '' && !name.startsWith('type ') && !(name in entry)) missing.push(name)
    }
  }
  return missing
}

export interface Compiled {
  /** '' for none. */
  readonly complaints: string
  /** What Node can run. */
  readonly code: string
}

/**
 * Compiles the snippets against the built package, under the options that a careful user has: all of
 * them at once, for the compiler takes as long for one.
 */
export function compile(snippets: readonly Snippet[]): Map<Snippet, Compiled> {
  const about = new Map(snippets.map((snippet) => [snippet, '']))
  using folder = new Folder(snippets)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '--pretty', 'false'], {
    cwd: folder.path,
    encoding: 'utf8',
  })
  if (status !== 0 && stdout === '') throw new Error(`tsc ended with ${status}: ${stderr}`)
  let subject: Snippet | undefined
  for (const line of stdout.trimEnd().split('\n')) {
    const [head = '', number] = /^snippet-(\d+)\.[tj]s/.exec(line) ?? []
    if (number !== undefined) subject = snippets[Number(number)]
    else if (!line.startsWith(' ')) subject = undefined
    if (subject !== undefined) {
      const place = number === undefined ? '' : subject.at
      about.set(subject, `${about.get(subject)}${place}${line.slice(head.length)}\n`)
    } else if (line !== '') throw new Error(`tsc: ${stdout}`)
  }
  return new Map(
    snippets.map((snippet, index) => {
      const code = readFileSync(join(folder.path, 'out', `snippet-${index}.js`), 'utf8')
      return [snippet, { complaints: about.get(snippet) ?? '', code }]
    }),
  )
}

/** Runs the compiled snippet against the built package and sees that it prints what it promises and ends. */
export async function run(snippet: Snippet, compiled: Compiled | undefined): Promise<void> {
  assert.ok(compiled !== undefined, `${snippet.at} was not compiled`)
  await using server = await serve(snippet.server)
  const { port } = server
  const js = compiled.code
  const code = port === 0 ? js : js.replace(/\bport: \d+/g, `port: ${port}`)
  using folder = new Folder([{ ...snippet, language: 'js', code }])
  for (const [name, text] of Object.entries(server.files)) folder.write(name, text)
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, [folder.fileOf(0)], {
    cwd: folder.path,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [status, signal] = await new Promise<[number | null, string | null]>((done, failed) => {
    child.on('error', failed)
    child.on('close', (...how) => done(how))
  })
  const ended = `${snippet.at} ended with ${signal ?? status}; it printed\n${out}${err}`
  assert.equal(status, 0, ended)
  let from = 0
  for (const [, promise = ''] of snippet.code.matchAll(/\/\/ prints: (.*)$/gm)) {
    const at = out.indexOf(promise.trim(), from)
    assert.notEqual(
      at,
      -1,
      `${snippet.at} promises to print "${promise}"; it printed\n${out}${err}`,
    )
    from = at + promise.trim().length
  }
}

const languages: Record<string, 'ts' | 'js' | undefined> = {
  ts: 'ts',
  typescript: 'ts',
  js: 'js',
  javascript: 'js',
  mjs: 'js',
}

function actionOf(mark: string, at: string): Pick<Snippet, 'action' | 'server'> {
  const [, verb = '', rest = ''] = /^(\w+)(?::\s*(.*))?$/.exec(mark) ?? []
  if (verb === 'skip') {
    assert.notEqual(rest, '', `${at}: <!-- skip: --> needs a reason`)
    return { action: 'skip', server: undefined }
  }
  if (verb !== 'run') return { action: 'check', server: undefined }
  if (rest === '') return { action: 'run', server: undefined }
  assert.ok(
    rest === 'tls' || rest in greetings,
    `${at}: <!-- run: ${rest} -->: there is no such server`,
  )
  return { action: 'run', server: rest as ServerKind }
}

/** A folder outside the workspace that holds snippets and can import connpool and Node's types. */
class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'connpool-snippet-'))
  readonly #files: readonly string[]

  constructor(snippets: readonly Snippet[]) {
    this.#files = snippets.map(({ language }, index) => `snippet-${index}.${language}`)
    mkdirSync(join(this.path, 'node_modules/@types'), { recursive: true })
    symlinkSync(home, join(this.path, 'node_modules/connpool'))
    symlinkSync(join(root, 'node_modules/@types/node'), join(this.path, 'node_modules/@types/node'))
    this.write('package.json', '{ "type": "module" }')
    snippets.forEach(({ code }, index) => {
      writeFileSync(this.fileOf(index), code)
    })
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      module: 'nodenext',
      moduleDetection: 'force',
      types: ['node'],
      allowJs: true,
      checkJs: true,
      outDir: 'out',
    }
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, files: this.#files }))
  }

  /** Where the snippet with this index is. */
  fileOf(index: number): string {
    const file = this.#files[index]
    if (file === undefined) throw new RangeError(`there is no snippet ${index}`)
    return join(this.path, file)
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** What the servers answer to what they are sent. */
const greetings = {
  /** Enough of Redis for an example: PING, and +OK to anything else. */
  redis: (sent: string): string => {
    const lines = sent.split('\r\n').filter((line) => /^[a-z]/i.test(line))
    return lines.map((line) => (/^ping$/i.test(line) ? '+PONG\r\n' : '+OK\r\n')).join('')
  },
  echo: (sent: string): string => sent,
  /** One answer to every request that has no body. */
  http: (sent: string): string =>
    'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nok\n'.repeat(
      sent.split('\r\n\r\n').length - 1,
    ),
}

interface Served extends AsyncDisposable {
  readonly port: number
  /** What lies beside the snippet, by name. */
  readonly files: Readonly<Record<string, string>>
}

async function serve(kind: ServerKind | undefined): Promise<Served> {
  if (kind === undefined) return { port: 0, files: {}, [Symbol.asyncDispose]: async () => {} }
  const authority = await CertificateAuthority.create('CA of the snippets')
  const server =
    kind === 'tls'
      ? await RudeServer.start({ tls: await authority.forServer() })
      : await RudeServer.start({
          behaviour: (connection) => connection.answer((sent) => greetings[kind](String(sent))),
        })
  return {
    port: server.port,
    files: { 'ca.pem': authority.cert },
    [Symbol.asyncDispose]: () => server.close(),
  }
}
