import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bytes } from './outlet.ts'
import type { RudeManner } from './rude-behaviour.ts'
import { RudeChild, type RudeWhere } from './rude-child.ts'
import type { BehaviourName, RudeDeed } from './rude-orders.ts'
import { type RudeServerOptions, showAddress } from './rude-server.ts'

const GIVE_UP_MS = 10_000

/**
 * A behaviour that can be told to another process: by name, or by the module that exports it as
 * `behave`: `new URL('./smtp.js', import.meta.url)`.
 */
export type RudeProcessBehaviour = RudeManner | URL

/** Options of a RudeServer, less what cannot be sent to another process: in `tls`, no functions. */
export type RudeProcessOptions = Omit<RudeServerOptions, 'behaviour' | 'beforeTls' | 'clock'> & {
  /** What it does with those it accepts, after their TLS handshake if it has `tls`. Default `'echo'`. */
  readonly behaviour?: RudeProcessBehaviour
  /** With `tls`: what it does with those it accepts, before anything else. Default `'secure'`. */
  readonly beforeTls?: RudeProcessBehaviour | 'secure'
}

/**
 * A RudeServer in a process of its own. It acts while this process is blocked; it can be stopped, killed,
 * and started again on its port. It ends with this process, and must be closed before.
 *
 * @example
 * <!-- run -->
 * ```ts
 * import { once } from 'node:events'
 * import { createTcpPool } from 'connpool'
 * import { RudeProcess } from 'connpool/testing'
 *
 * const server = await RudeProcess.start()
 * const pool = createTcpPool({ host: server.host, port: server.port })
 * const lease = await pool.acquire()
 * const died = once(lease.signal, 'abort')
 * await server.kill()
 * await died
 * lease.release()
 * await server.restart()
 * await pool.close()
 * await server.close()
 * ```
 */
export class RudeProcess implements AsyncDisposable {
  readonly #options: RudeProcessOptions
  #child: RudeChild
  #where: RudeWhere
  #closing: Promise<void> | undefined
  #folder: string | undefined
  #deeds = 0

  /**
   * Resolves once it listens.
   * @throws Error, by rejecting: as `RudeServer.start`; when an option cannot be sent to another
   * process; when that does not start.
   */
  static async start(options: RudeProcessOptions = {}): Promise<RudeProcess> {
    const { host = '127.0.0.1', port = 0 } = options
    const server = new RudeProcess(options, { host, port })
    await server.#begin()
    return server
  }

  private constructor(options: RudeProcessOptions, where: RudeWhere) {
    this.#options = options
    this.#where = where
    this.#child = new RudeChild()
  }

  /** The address it listens on; with `path` of no use. */
  get host(): string {
    return this.#where.host
  }

  /** The port it listens on, also while it is dead; with `path` 0. */
  get port(): number {
    return this.#where.port
  }

  /** `127.0.0.1:6379`, `[::1]:6379`, or its path. */
  get address(): string {
    return showAddress({ ...this.#where, path: this.#options.path })
  }

  /** The number of its process; another one after `restart`. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** As of RudeServer. */
  async behave(behaviour: RudeProcessBehaviour): Promise<void> {
    await this.#child.ask({ verb: 'behave', behaviour: nameOf(behaviour) })
  }

  /** As of RudeServer. */
  async beforeTls(behaviour: RudeProcessBehaviour | 'secure'): Promise<void> {
    const name = behaviour === 'secure' ? behaviour : nameOf(behaviour)
    await this.#child.ask({ verb: 'beforeTls', behaviour: name })
  }

  /** Resolves once it has exactly `count` connections. @throws Error when it ends first, by rejecting. */
  async holds(count: number): Promise<void> {
    await this.#child.ask({ verb: 'holds', count })
  }

  /** Sends bytes on every connection. Resolves once its system has them, or they are closed. */
  write(bytes: Bytes): Promise<void> {
    return this.#do({ write: bytes })
  }

  /**
   * Sends a FIN on every connection, and goes on reading. Resolves once its system has it, or they
   * are closed.
   */
  end(): Promise<void> {
    return this.#do('end')
  }

  /** Sends an RST on every connection, and closes it. Resolves once they are closed. */
  reset(): Promise<void> {
    return this.#do('reset')
  }

  /** Lets `count` waiting bytes through on every connection that drips, default 1. */
  tick(count = 1): Promise<void> {
    return this.#do({ tick: count })
  }

  /** Listens no more: who dials is refused. Connections stay. */
  async refuse(): Promise<void> {
    await this.#child.ask({ verb: 'refuse' })
  }

  /** Listens again, on the same port. */
  async listen(): Promise<void> {
    await this.#child.ask({ verb: 'listen' })
  }

  /**
   * Blocks this process, its event loop and all, until the server has done `deed` to every connection,
   * and for at least `ms`. What comes of it is there when the loop goes on, and nobody has seen it yet.
   * @throws Error when the server is stopped or has ended, or has not done it within 10 s.
   */
  doWhileBlocked(deed: RudeDeed, ms = 0): void {
    const { state } = this.#child
    if (state !== 'running') throw new Error(`the server can do nothing: it is ${state}`)
    this.#folder ??= mkdtempSync(join(tmpdir(), 'connpool-rude-'))
    const mark = join(this.#folder, `${++this.#deeds}`)
    const begun = performance.now()
    this.#child.ask({ verb: 'do', deed, mark }).catch(() => {})
    const cell = new Int32Array(new SharedArrayBuffer(4))
    for (;;) {
      const blockedMs = performance.now() - begun
      if (blockedMs >= ms && existsSync(mark)) return
      if (blockedMs > ms + GIVE_UP_MS) throw new Error('the server did not do it within 10 s')
      Atomics.wait(cell, 0, 0, 1)
    }
  }

  /**
   * Stops it with SIGSTOP: its system still accepts what dials it, up to its backlog, and takes what
   * is sent, and nobody answers. What it is told meanwhile it does when it continues. Resolves once it
   * stands still. It is killed when this process exits, but not when this process is itself killed.
   * @throws Error when it is dead, and on Windows, which has no such signal, by rejecting.
   */
  stop(): Promise<void> {
    return this.#child.stop()
  }

  /** Has it go on, with SIGCONT. Resolves once it does. @throws Error when it is dead, by rejecting. */
  continue(): Promise<void> {
    return this.#child.continue()
  }

  /** Ends it with SIGKILL, also when it is stopped: its system closes its connections. Resolves then. */
  kill(): Promise<void> {
    return this.#child.kill()
  }

  /**
   * Kills it if it lives, and starts it again as it was first started, on the same port. Resolves once
   * it listens.
   * @throws Error when it is closed, or something else has taken the port, by rejecting.
   */
  async restart(): Promise<void> {
    if (this.#closing !== undefined) throw new Error('the server is closed')
    await this.kill()
    this.#removePath()
    this.#child = new RudeChild()
    await this.#begin()
  }

  /** Ends its process. Resolves when nothing is left; again: the same promise. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await this.kill()
    this.#removePath()
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  async #do(deed: RudeDeed): Promise<void> {
    await this.#child.ask({ verb: 'do', deed })
  }

  async #begin(): Promise<void> {
    const { behaviour = 'echo', beforeTls = 'secure', path, ...options } = this.#options
    try {
      this.#where = await this.#child.ask({
        verb: 'start',
        options: {
          ...options,
          ...(path === undefined ? this.#where : { path }),
          behaviour: nameOf(behaviour),
          beforeTls: beforeTls === 'secure' ? beforeTls : nameOf(beforeTls),
        },
      })
    } catch (error) {
      await this.kill()
      throw error
    }
  }

  /** A server that was killed leaves its Unix domain socket behind. */
  #removePath(): void {
    const { path } = this.#options
    if (path !== undefined && process.platform !== 'win32') rmSync(path, { force: true })
  }
}

function nameOf(behaviour: RudeProcessBehaviour): BehaviourName {
  return typeof behaviour === 'string' ? behaviour : { module: behaviour.href }
}
