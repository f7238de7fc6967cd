import { HttpAgent } from 'agentkeepalive'
import type { Ask, UpstreamTerms } from './ask.ts'
import { askThrough } from './http-upstream.ts'

/** `node:http`'s client with agentkeepalive in place of Node's own Agent. */
export async function openAgentKeepAlive({ port, max }: UpstreamTerms): Promise<Ask> {
  return askThrough(new HttpAgent({ maxSockets: max, maxFreeSockets: max }), port)
}
