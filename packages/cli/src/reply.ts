import { ReplyError, type ReplyHead, readHead } from './reply-head.ts'

/** One HTTP/1.1 reply, put together from the chunks in which it arrives. It takes not a byte more. */
export class Reply {
  #head: ReplyHead | null = null
  #bytes: Buffer | null = null

  get status(): number {
    return this.#head?.status ?? 0
  }

  /** The server will close: the connection must not be used again. */
  get closes(): boolean {
    return this.#head?.closes ?? false
  }

  /** The body; empty while the reply is not whole. */
  get body(): Buffer {
    return this.#bytes?.subarray(this.#head?.size ?? this.#bytes.length) ?? Buffer.alloc(0)
  }

  /**
   * Takes the next chunk, which it may keep. True once the reply is whole.
   * @throws ReplyError when the reply cannot be read, or bytes follow it that nobody asked for.
   */
  push(chunk: Buffer): boolean {
    const bytes = this.#bytes === null ? chunk : Buffer.concat([this.#bytes, chunk])
    this.#bytes = bytes
    this.#head ??= readHead(bytes, bytes.length)
    if (this.#head === null) return false
    const missing = this.#head.size + this.#head.contentLength - bytes.length
    if (missing < 0) throw new ReplyError(`${-missing} bytes follow the reply`)
    return missing === 0
  }
}
