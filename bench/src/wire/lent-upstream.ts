import { type Ask, path, type UpstreamTerms } from './ask.ts'
import { exchange, type Reply } from './exchange.ts'
import { type Lender, type LenderName, openLender } from './lender.ts'

/** One exchange a lease, over whatever sockets the lender has. */
export async function openLent(name: LenderName, terms: UpstreamTerms): Promise<Ask> {
  return askOver(await openLender(name, terms), terms.port)
}

function askOver<Held>(lender: Lender<Held>, port: number): Ask {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`, 'latin1')
  const replyTo = async (held: Held): Promise<Reply> => {
    try {
      return await exchange(lender.socketOf(held), request)
    } catch (error) {
      lender.discard(held, error)
      throw error
    }
  }
  return async () => {
    const held = await lender.take()
    const { body, closes } = await replyTo(held)
    if (closes) lender.discard(held, undefined)
    else lender.giveBack(held)
    return body
  }
}
