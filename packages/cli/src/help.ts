import { DEFAULTS } from './flags.ts'

/** What `connpool --help` prints. */
export const HELP = `connpool: a TCP connection pool for Node.js

Usage:
  connpool demo [flags]   the experiment: what a pool is worth on this machine
  connpool demo --help    its flags
  connpool --version

`

/** What `connpool demo --help` prints. */
export const DEMO_HELP: string = `connpool demo: what a connection pool is worth on this machine

Starts a mock payment API, a gateway that asks it for every incoming request, and clients of the gateway,
each in its own process on loopback. Measures three ways from the gateway to the API, one after the other:

  new        node:http, a new connection for every request
  agent      node:http with its own keep-alive Agent, of at most --max connections
  connpool   connections lent by connpool, at most --max

Usage: connpool demo [flags]

  --connections N   clients, each with one request at a time (${DEFAULTS.connections})
  --duration S      seconds of measurement in each mode; a fifth of it, at most 2 s, is added as warm-up (${DEFAULTS.duration})
  --max N           the most connections to the API, of agent and connpool (${DEFAULTS.max})
  --delay MS        think time of the API before each reply (${DEFAULTS.delay})
  --json FILE       also write the figures there
  --help            this text

Ends with status 0, with 1 when the run failed, 2 when a flag is wrong, 130 after Ctrl-C.
`
