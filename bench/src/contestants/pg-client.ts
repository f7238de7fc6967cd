import { EventEmitter } from 'node:events'
import type { Connection } from '../connection.ts'
import type { Setup } from '../contestant.ts'

/** What pg-pool uses of pg's Client, with no server behind it: connected as soon as it is asked, and never in trouble. */
export class PgClient extends EventEmitter {
  /** pg-pool asks for these two by name. */
  readonly _queryable = true
  readonly _ending = false
  readonly connection: Connection

  constructor(options: { readonly create: Setup['create'] }) {
    super()
    this.connection = options.create()
  }

  connect(connected: (error?: Error) => void): void {
    connected()
  }

  end(ended?: () => void): void {
    ended?.()
  }

  /** pg-pool calls these two at every lease when an idle client may not hold the process. */
  ref(): void {}

  unref(): void {}
}
