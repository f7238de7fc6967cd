import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Identity } from './certificates.ts'
import type { Deed, Order } from './peer-process.ts'

const GIVE_UP_MS = 10_000

/** An echo server in a process of its own, which can act while this process is blocked. */
export class Peer implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #folder = mkdtempSync(join(tmpdir(), 'connpool-peer-'))
  #deeds = 0
  readonly port: number

  /** With an `identity` it speaks TLS. */
  static async start(identity?: Identity): Promise<Peer> {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const script = fileURLToPath(new URL('./peer-process.ts', import.meta.url))
    const child = fork(script, identity === undefined ? [] : [JSON.stringify(identity)], {
      env,
      execArgv: ['--import', import.meta.resolve('tsx')],
    })
    const [{ port }] = await once(child, 'message')
    return new Peer(child, port)
  }

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** Resolves once the peer holds `count` connections. */
  async holds(count: number): Promise<void> {
    const told = once(this.#child, 'message')
    this.#order({ count })
    await told
  }

  /** Blocks this process for at least `ms`, and until the peer has done it to all its connections. */
  doWhileBlocked(deed: Deed, ms = 0): void {
    const mark = join(this.#folder, `${++this.#deeds}`)
    const begun = performance.now()
    this.#order({ deed, mark })
    const cell = new Int32Array(new SharedArrayBuffer(4))
    for (;;) {
      const blockedMs = performance.now() - begun
      if (blockedMs >= ms && existsSync(mark)) return
      if (blockedMs > GIVE_UP_MS) throw new Error(`the peer did not ${deed}`)
      Atomics.wait(cell, 0, 0, 1)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    await exited
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #order(order: Order): void {
    this.#child.send(order)
  }
}
