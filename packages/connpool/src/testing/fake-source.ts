import type { CloseReason } from '../core/slot.ts'
import type { CreateContext, OperationContext, Source } from '../pool/source.ts'
import { FakeConnection } from './fake-connection.ts'

/** The verbs of a source that take time. */
export type FakeVerb = 'create' | 'probe' | 'reset' | 'destroy'

/**
 * What a verb does: succeed by itself, wait until the test settles the call, or whatever the function
 * does, which may throw, reject, never settle or return nonsense. From the function of `create`,
 * `undefined` stands for the connection.
 */
export type FakeBehaviour = 'succeed' | 'hold' | ((call: FakeCall) => unknown)

/** One call of a verb. */
export class FakeCall {
  readonly verb: FakeVerb
  /** The connection it is about; for `create` the one to be opened. */
  readonly connection: FakeConnection
  /** What the pool stops the call with; `destroy` has none. */
  readonly signal: AbortSignal | undefined
  /** What a call that waits will settle to. */
  readonly answer: Promise<unknown>
  /**
   * Makes the call succeed: with the connection, for `create`, and for the others with `answer`.
   * One that was settled already stays as it is.
   */
  readonly succeed: (answer?: unknown) => void
  /** Makes the call reject. One that was settled already stays as it is. */
  readonly fail: (error: unknown) => void

  constructor(verb: FakeVerb, connection: FakeConnection, signal: AbortSignal | undefined) {
    this.verb = verb
    this.connection = connection
    this.signal = signal
    let succeed: (answer?: unknown) => void = () => {}
    let fail: (error: unknown) => void = () => {}
    this.answer = new Promise<unknown>((resolve, reject) => {
      succeed = resolve
      fail = reject
    })
    // What nobody waits for any more may fail unheard.
    this.answer.catch(() => {})
    this.succeed = succeed
    this.fail = fail
  }
}

/**
 * A backend that is not there: connections that open, answer, come clean and close as the test says.
 * By itself everything succeeds.
 *
 * @example
 * ```ts
 * import { createPool } from 'connpool'
 * import { FakeSource, ManualClock } from 'connpool/testing'
 *
 * const clock = new ManualClock()
 * const source = new FakeSource()
 * const pool = createPool({ create: source.create, destroy: source.destroy, clock })
 * source.behave('create', 'hold')
 * const acquired = pool.acquire({ timeoutMs: 500 })
 * await clock.pass(0)
 * source.held('create')[0]?.succeed()
 * const lease = await acquired
 * lease.release()
 * await pool.close()
 * ```
 */
export class FakeSource implements Source<FakeConnection> {
  readonly #behaviours: Record<FakeVerb, FakeBehaviour> = {
    create: 'succeed',
    probe: 'succeed',
    reset: 'succeed',
    destroy: 'succeed',
  }
  readonly #calls: FakeCall[] = []
  readonly #held = new Set<FakeCall>()

  /** Says what `verb` does from the next call on. */
  behave(verb: FakeVerb, behaviour: FakeBehaviour): void {
    this.#behaviours[verb] = behaviour
  }

  /** Every call of `verb` so far, oldest first. */
  calls(verb: FakeVerb): readonly FakeCall[] {
    return this.#calls.filter((call) => call.verb === verb)
  }

  /** The calls of `verb` that wait for the test to settle them, oldest first. */
  held(verb: FakeVerb): readonly FakeCall[] {
    return [...this.#held].filter((call) => call.verb === verb)
  }

  /** Every connection whose create began, in order. */
  get connections(): readonly FakeConnection[] {
    return this.calls('create').map((call) => call.connection)
  }

  /** Those that are open now: what the server would count. */
  get open(): readonly FakeConnection[] {
    return this.connections.filter((connection) => connection.state === 'open')
  }

  readonly create = async ({ signal, died }: CreateContext): Promise<FakeConnection> => {
    const connection = new FakeConnection(this.calls('create').length + 1, died)
    try {
      const made = (await this.#run(new FakeCall('create', connection, signal))) ?? connection
      if (connection.state === 'opening') connection.state = 'open'
      return made as FakeConnection // Or the nonsense that the test asked for.
    } catch (error) {
      connection.state = 'failed'
      throw error
    }
  }

  readonly probe = (connection: FakeConnection, { signal }: OperationContext): unknown =>
    this.#run(new FakeCall('probe', connection, signal))

  readonly reset = (connection: FakeConnection, { signal }: OperationContext): unknown =>
    this.#run(new FakeCall('reset', connection, signal))

  readonly destroy = (
    connection: FakeConnection,
    reason: CloseReason,
    error?: unknown,
  ): unknown => {
    connection.state = 'destroyed'
    connection.reason = reason
    connection.error = error
    return this.#run(new FakeCall('destroy', connection, undefined))
  }

  readonly ref = (connection: FakeConnection): void => {
    connection.resting = false
  }

  readonly unref = (connection: FakeConnection): void => {
    connection.resting = true
  }

  #run(call: FakeCall): unknown {
    this.#calls.push(call)
    const behaviour = this.#behaviours[call.verb]
    if (behaviour === 'succeed') return undefined
    if (behaviour !== 'hold') return behaviour(call)
    this.#held.add(call)
    const settled = () => this.#held.delete(call)
    call.answer.then(settled, settled)
    return call.answer
  }
}
