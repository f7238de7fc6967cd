import type { Ask, UpstreamTerms } from './ask.ts'

/** A way that can be opened. Its package is loaded only in the process that is measured. */
export interface Upstream {
  readonly name: string
  /** What it is, in the table. */
  readonly title: string
  /** The npm package whose version belongs beside the figures; null for Node's own and for the floor. */
  readonly packageName: string | null
  readonly open: (terms: UpstreamTerms) => Promise<Ask>
}

/** In the order of the table. The last is the floor. */
export const upstreams: readonly Upstream[] = [
  {
    name: 'connpool',
    title: 'connpool, bare exchange',
    packageName: 'connpool',
    open: async (terms) => (await import('./lent-upstream.ts')).openLent('connpool', terms),
  },
  {
    name: 'undici-dispatch',
    title: 'undici Pool, dispatch()',
    packageName: 'undici',
    open: async (terms) => (await import('./undici-upstream.ts')).openDispatch(terms),
  },
  {
    name: 'undici',
    title: 'undici Pool, request()',
    packageName: 'undici',
    open: async (terms) => (await import('./undici-upstream.ts')).openRequest(terms),
  },
  {
    name: 'http-agent',
    title: 'node:http Agent',
    packageName: null,
    open: async (terms) => (await import('./http-upstream.ts')).openHttpAgent(terms),
  },
  {
    name: 'agentkeepalive',
    title: 'agentkeepalive',
    packageName: 'agentkeepalive',
    open: async (terms) => (await import('./agentkeepalive-upstream.ts')).openAgentKeepAlive(terms),
  },
  {
    name: 'hand',
    title: 'floor: sockets by hand, bare exchange',
    packageName: null,
    open: async (terms) => (await import('./lent-upstream.ts')).openLent('hand', terms),
  },
]

/** The way of that name. Throws for an unknown one. */
export function findUpstream(name: string): Upstream {
  const found = upstreams.find((upstream) => upstream.name === name)
  if (found !== undefined) return found
  const known = upstreams.map((upstream) => upstream.name).join(', ')
  throw new RangeError(`no gateway is called '${name}'; there are ${known}`)
}
