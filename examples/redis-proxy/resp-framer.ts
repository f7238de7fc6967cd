/** A message of Redis's protocol, a command or a reply, as far as it is of interest. */
export interface Message {
  /** The first byte, which says what it is: `*` an array, `+` a status, `-` an error, `>` a push, ... */
  readonly type: string
  /** The rest of its first line, such as `OK`. */
  readonly text: string
  /** Its first two strings, in capitals: of a command the name and the subcommand. */
  readonly words: readonly string[]
}

const CR_LF = 2
/** No command has a longer name. */
const LONGEST_WORD = 32
/** No line of a client or of Redis is longer: Redis closes the connection of one who sends it. */
const LONGEST_LINE = 65_536

/**
 * Finds the messages in a stream of bytes, in RESP2 and RESP3, and keeps none of them. It knows
 * where a message ends, and that is all that is needed to know whether one is under way.
 */
export class RespFramer {
  /** The line under way. */
  #line = ''
  /** Bytes to come of the string under way, with its end. */
  #left = 0
  /** Elements to come of the arrays under way, the innermost last. */
  readonly #open: number[] = []
  /** The message under way. */
  #head: { readonly type: string; readonly text: string; readonly words: string[] } | undefined
  #word: string | undefined

  /** True between two messages. */
  get isBetween(): boolean {
    return this.#head === undefined && this.#line === ''
  }

  /**
   * The messages that end in these bytes.
   * @throws Error where it cannot tell what follows.
   */
  feed(bytes: Buffer): Message[] {
    const ended: Message[] = []
    let at = 0
    while (at < bytes.length) {
      at = this.#left > 0 ? this.#readString(bytes, at) : this.#readLine(bytes, at)
      if (this.#head === undefined || this.#left > 0 || this.#line !== '') continue
      if (this.#open.length > 0) continue
      ended.push(this.#head)
      this.#head = undefined
    }
    return ended
  }

  #readString(bytes: Buffer, from: number): number {
    const to = Math.min(bytes.length, from + this.#left)
    if (this.#word !== undefined && this.#word.length < LONGEST_WORD + CR_LF) {
      this.#word += bytes.toString('latin1', from, Math.min(to, from + LONGEST_WORD + CR_LF))
    }
    this.#left -= to - from
    if (this.#left === 0) {
      if (this.#word !== undefined) this.#head?.words.push(this.#word.trimEnd().toUpperCase())
      this.#word = undefined
      this.#endElement()
    }
    return to
  }

  #readLine(bytes: Buffer, from: number): number {
    const end = bytes.indexOf('\n', from)
    const to = end === -1 ? bytes.length : end + 1
    this.#line += bytes.toString('latin1', from, to)
    if (this.#line.length > LONGEST_LINE) throw new Error('a line is too long')
    if (end !== -1) {
      const line = this.#line.trimEnd()
      this.#line = ''
      this.#beginElement(line.slice(0, 1), line.slice(1))
    }
    return to
  }

  #beginElement(type: string, text: string): void {
    this.#head ??= { type, text, words: [] }
    switch (type) {
      case '$':
      case '=':
      case '!': {
        const length = countIn(text)
        if (length < 0) return this.#endElement()
        this.#left = length + CR_LF
        if (this.#head.words.length < 2) this.#word = ''
        return
      }
      case '*':
      case '~':
      case '>':
        return this.#beginArray(countIn(text))
      case '%':
        return this.#beginArray(2 * countIn(text))
      default:
        return this.#endElement()
    }
  }

  #beginArray(length: number): void {
    if (length > 0) this.#open.push(length)
    else this.#endElement()
  }

  /** The last element of an array ends the array, which may be the last of another. */
  #endElement(): void {
    for (;;) {
      const left = this.#open.pop()
      if (left === undefined) return
      if (left > 1) {
        this.#open.push(left - 1)
        return
      }
    }
  }
}

function countIn(text: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || text === '') throw new Error(`no count: ${text}`)
  return count
}
