import type { Bytes } from './outlet.ts'
import type { RudeManner } from './rude-behaviour.ts'
import type { RudeServerOptions } from './rude-server.ts'

/** What can be done to all connections of a server. */
export type RudeDeed =
  /** Sends a FIN, and goes on reading. */
  | 'end'
  /** Sends an RST, and closes. */
  | 'reset'
  /** Sends bytes, which nobody need have asked for. */
  | { readonly write: Bytes }
  /** Lets so many of the bytes that wait through. */
  | { readonly tick: number }

/** A behaviour by name, or by the module that exports it as `behave`. */
export type BehaviourName = RudeManner | { readonly module: string }

/** What `RudeServer.start` is given, as it can be sent to another process. */
export type SentOptions = Omit<RudeServerOptions, 'behaviour' | 'beforeTls' | 'clock'> & {
  readonly behaviour?: BehaviourName
  readonly beforeTls?: BehaviourName | 'secure'
}

/** What a server in a process of its own is told. */
export type RudeOrder =
  | { readonly verb: 'start'; readonly options: SentOptions }
  | { readonly verb: 'behave'; readonly behaviour: BehaviourName }
  | { readonly verb: 'beforeTls'; readonly behaviour: BehaviourName | 'secure' }
  | { readonly verb: 'holds'; readonly count: number }
  | { readonly verb: 'refuse' }
  | { readonly verb: 'listen' }
  /** When it is done, the file `mark` is made: a process that is blocked can see that. */
  | { readonly verb: 'do'; readonly deed: RudeDeed; readonly mark?: string }
  | { readonly verb: 'ping' }

/** An order and its number. */
export type RudeMessage = RudeOrder & { readonly nth: number }

/** Sent back when order `nth` was carried out: where the server is; or why it was not. */
export type RudeReply =
  | { readonly nth: number; readonly host: string; readonly port: number }
  | { readonly nth: number; readonly error: { readonly message: string; readonly code: unknown } }
