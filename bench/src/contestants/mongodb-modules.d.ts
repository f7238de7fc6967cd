// What mongodb keeps to itself, and ships no types of. As much of it as is used.
declare module 'mongodb/lib/cmap/connection.js' {
  export class Connection {
    command(): Promise<unknown>
  }
}

declare module 'mongodb/lib/timeout.js' {
  export class LegacyTimeoutContext {
    constructor(options: { readonly waitQueueTimeoutMS: number })
  }
}

declare module 'mongodb/lib/utils.js' {
  export class HostAddress {
    constructor(hostAndPort: string)
  }
}

declare module 'mongodb/lib/cmap/connection_pool.js' {
  import type { Connection } from 'mongodb/lib/cmap/connection.js'
  import type { LegacyTimeoutContext } from 'mongodb/lib/timeout.js'
  import type { HostAddress } from 'mongodb/lib/utils.js'

  /** What the pool asks of the server that it belongs to. */
  interface Server {
    readonly topology: {
      readonly client: {
        readonly s: { readonly authProviders?: unknown }
        readonly options: { readonly metadata: unknown }
      }
    }
    handleError(error: Error): void
  }
  interface PoolOptions {
    readonly connectionType: typeof Connection
    readonly hostAddress: HostAddress
    readonly maxPoolSize: number
    readonly maxIdleTimeMS: number
  }

  export class ConnectionPool {
    constructor(server: Server, options: PoolOptions)
    ready(): void
    checkOut(options: { readonly timeoutContext: LegacyTimeoutContext }): Promise<Connection>
    checkIn(connection: Connection): void
    close(): void
  }
}
