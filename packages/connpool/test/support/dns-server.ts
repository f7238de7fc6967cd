import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet'

const NXDOMAIN = 3
const SERVFAIL = 2

/** What a name server says of every name: its addresses, that there is none, or that it has trouble. */
export type DnsAnswer =
  | { readonly addresses: readonly string[]; readonly ttl: number }
  | 'no such name'
  | 'trouble'

/** A name server on the loopback that answers every question for A records alike. */
export class DnsServer implements AsyncDisposable {
  readonly #socket: Socket = createSocket('udp4')
  answer: DnsAnswer
  asked = 0

  static async start(answer: DnsAnswer): Promise<DnsServer> {
    const server = new DnsServer(answer)
    server.#socket.bind(0, '127.0.0.1')
    await once(server.#socket, 'listening')
    return server
  }

  private constructor(answer: DnsAnswer) {
    this.answer = answer
    this.#socket.on('message', (message, { port, address }) => {
      this.asked++
      this.#socket.send(this.#reply(message), port, address)
    })
  }

  /** For `Resolver.setServers`. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`
  }

  #reply(message: Buffer): Buffer {
    const { id = 0, questions = [] } = decode(message)
    const { answer } = this
    const known = typeof answer === 'object' ? answer : { addresses: [], ttl: 0 }
    const code = answer === 'trouble' ? SERVFAIL : answer === 'no such name' ? NXDOMAIN : 0
    return encode({
      type: 'response',
      id,
      flags: AUTHORITATIVE_ANSWER | code,
      questions,
      answers: questions.flatMap(({ name }) =>
        known.addresses.map((data) => ({ type: 'A' as const, name, ttl: known.ttl, data })),
      ),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close()
    await once(this.#socket, 'close')
  }
}
