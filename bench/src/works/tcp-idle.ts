import type { RestingWork } from '../work.ts'

/** What an idle socket weighs, and what the pool that it is in adds to that. Its peer is in the same process, and weighs as much. */
export const tcpIdle: RestingWork = {
  name: 'tcp-idle',
  title: '1000 idle sockets and their peers, weighed',
  unit: 'socket',
  entrants: ['connpool-tcp', 'bare-sockets'],
  floor: 'bare-sockets',
  goal: '400 B above the floor',
  max: 1_000,
  acquireTimeoutMs: Number.POSITIVE_INFINITY,
  bytes: 'at rest',
}
