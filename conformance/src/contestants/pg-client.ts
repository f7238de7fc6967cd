import { EventEmitter } from 'node:events'
import type { Connection } from '../connection.ts'
import type { Supply } from '../contestant.ts'
import { Fault } from '../fault.ts'

/**
 * What pg-pool uses of pg's Client, over a connection from the supply. It does as that one does: an error, or an end that was
 * not asked for, is emitted as `'error'`; destroying the stream while it connects fails `connect`; `end` calls back when
 * the connection is closed.
 */
export class PgClient<C extends Connection> extends EventEmitter {
  readonly connection: { readonly stream: { destroy(): void } } = {
    stream: { destroy: () => this.#abandon() },
  }
  /** pg-pool asks for these two by name. */
  _queryable = true
  _ending = false
  readonly #supply: Supply<C>
  #opened: C | undefined
  #connected: ((error?: Error) => void) | undefined

  constructor(options: { readonly supply: Supply<C> }) {
    super()
    this.#supply = options.supply
  }

  get opened(): C {
    if (this.#opened === undefined) throw new Fault('lent before it was open')
    return this.#opened
  }

  connect(connected: (error?: Error) => void): void {
    this.#connected = connected
    this.#supply.create().then(
      (connection) => this.#open(connection),
      (error: Error) => this.#tell(error),
    )
  }

  end(ended?: () => void): void {
    this._ending = true
    if (this.#opened === undefined || this.#opened.destroyed) return ended?.()
    void this.#supply.close(this.#opened).then(ended)
  }

  ref(): void {
    this.#opened?.ref()
  }

  unref(): void {
    this.#opened?.unref()
  }

  #open(connection: C): void {
    if (this.#connected === undefined) return void this.#supply.close(connection)
    this.#opened = connection
    connection.on('error', (error) => this.#fail(error))
    connection.on('close', () => this.#fail(new Error('Connection terminated unexpectedly')))
    this.#tell()
  }

  #abandon(): void {
    this.#tell(new Error('Connection terminated unexpectedly'))
  }

  #tell(error?: Error): void {
    const connected = this.#connected
    this.#connected = undefined
    connected?.(error)
  }

  #fail(error: Error): void {
    if (!this._queryable || this._ending) return
    this._queryable = false
    this.emit('error', error)
  }
}
