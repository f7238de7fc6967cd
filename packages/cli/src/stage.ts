import type { ApiConfig, ApiFigures } from './api-server.ts'
import type { GatewayConfig, GatewayFigures } from './gateway.ts'
import type { LoadConfig, LoadFigures } from './load.ts'

/** What each of the three processes is told when it starts, and what it reports at the end. */
export interface Roles {
  readonly api: { readonly config: ApiConfig; readonly figures: ApiFigures }
  readonly gateway: { readonly config: GatewayConfig; readonly figures: GatewayFigures }
  readonly load: { readonly config: LoadConfig; readonly figures: LoadFigures }
}

export type Role = keyof Roles

/** A role at work in its own process. */
export interface Actor<Figures> {
  /** Where it listens on loopback; 0 for the load, which listens nowhere. */
  readonly port: number
  /** The measurement begins: what came before was warm-up. */
  begin(): void
  /** The measurement is over. */
  end(): Figures
}

/** From the parent to a child. */
export type Order = 'begin' | 'end'

/** From a child to its parent. */
export type Message<R extends Role = Role> =
  | { readonly say: 'ready'; readonly port: number }
  | { readonly say: 'figures'; readonly figures: Roles[R]['figures'] }
  | { readonly say: 'failed'; readonly why: string }
