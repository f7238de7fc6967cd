import { RespFramer } from './resp-framer.ts'

/**
 * Commands with no reply, or with more than one, or after which there come messages that nobody
 * asked for: from then on replies cannot be counted.
 */
const UNCOUNTABLE = new Set([
  ...['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE'],
  ...['MONITOR', 'SYNC', 'PSYNC', 'REPLCONF', 'SHUTDOWN', 'CLIENT REPLY'],
])
const QUIT = '*1\r\n$4\r\nQUIT\r\n'

/** Keeps count of a session's commands and replies, to tell whether anything is still owed. */
export class Ledger {
  readonly #commands = new RespFramer()
  readonly #replies = new RespFramer()
  #owed = 0
  #countable = true
  #quit = false

  /** The client has taken its leave. */
  get hasQuit(): boolean {
    return this.#quit
  }

  /** False once replies cannot be counted any more. */
  get isCountable(): boolean {
    return this.#countable
  }

  /** Every command is whole, and every reply has come. */
  get isEven(): boolean {
    const whole = this.#commands.isBetween && this.#replies.isBetween
    return whole && this.#countable && this.#owed === 0
  }

  /**
   * Notes what the client sends, and answers what Redis is to get of it: all but a QUIT, upon which
   * it would close the connection.
   * @throws Error when it is no sequence of commands.
   */
  asked(bytes: Buffer): Buffer {
    if (this.#quit) return Buffer.alloc(0)
    const commands = this.#commands.feed(bytes)
    for (const { type, words } of commands) {
      const [name = '', subcommand = ''] = words
      // One that is typed into a terminal has no need of an array, and an empty one has no reply.
      const typed = type !== '*' || name === ''
      if (typed || UNCOUNTABLE.has(name) || UNCOUNTABLE.has(`${name} ${subcommand}`)) {
        this.#countable = false
      }
      this.#owed++
    }
    const rest = bytes.length - QUIT.length
    const quits = this.#commands.isBetween && commands.at(-1)?.words.join() === 'QUIT'
    if (!quits || !this.#countable || bytes.toString('latin1', rest).toUpperCase() !== QUIT)
      return bytes
    this.#quit = true
    this.#owed--
    return bytes.subarray(0, rest)
  }

  /**
   * Notes what Redis sends, and answers what the client is to get of it: all.
   * @throws Error when it is no sequence of replies.
   */
  answered(bytes: Buffer): Buffer {
    if (!this.#countable) return bytes
    // What is pushed is no reply.
    for (const { type } of this.#replies.feed(bytes)) if (type !== '>') this.#owed--
    return bytes
  }
}
