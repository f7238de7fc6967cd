// pg-pool ships no types, and those of DefinitelyTyped want a real pg Client. What is used of it, as its README has it.
declare module 'pg-pool' {
  interface PoolOptions<Client> {
    /** Made with all these options, those included that only it knows. */
    readonly Client: new (
      options: never,
    ) => Client
    readonly max: number
    readonly connectionTimeoutMillis: number
    readonly idleTimeoutMillis: number
    readonly allowExitOnIdle: boolean
    readonly [ofTheClient: string]: unknown
  }

  // biome-ignore lint/style/noDefaultExport: pg-pool has nothing else.
  export default class Pool<Client> {
    constructor(options: PoolOptions<Client>)
    connect(): Promise<Client & { release(): void }>
    end(): Promise<void>
  }
}
