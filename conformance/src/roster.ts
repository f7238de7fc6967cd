import type { Entrant } from './contestant.ts'

/** Ours comes first: it is the one that must pass. */
export const roster: readonly Entrant[] = [
  {
    name: 'connpool',
    lacks: [],
    duty: 'by the factory',
    async open(supply, limits) {
      const { ConnpoolContestant } = await import('./contestants/connpool.ts')
      return ConnpoolContestant.of(supply, limits)
    },
    async openSockets(port, limits) {
      const { ConnpoolContestant } = await import('./contestants/connpool.ts')
      return ConnpoolContestant.ofSockets(port, limits)
    },
  },
  {
    name: 'generic-pool',
    lacks: ['reset', 'time limit for close'],
    duty: 'by the factory',
    async open(supply, limits) {
      const { GenericPoolContestant } = await import('./contestants/generic-pool.ts')
      return new GenericPoolContestant(supply, limits)
    },
  },
  {
    name: 'tarn',
    lacks: ['reset', 'queue limit', 'time limit for close'],
    duty: 'by the factory',
    async open(supply, limits) {
      const { TarnContestant } = await import('./contestants/tarn.ts')
      return new TarnContestant(supply, limits)
    },
  },
  {
    name: 'lightning-pool',
    lacks: [],
    duty: 'by the factory',
    async open(supply, limits) {
      const { LightningPoolContestant } = await import('./contestants/lightning-pool.ts')
      return new LightningPoolContestant(supply, limits)
    },
  },
  {
    name: 'pg-pool',
    lacks: ['health check', 'reset', 'queue limit', 'time limit for close'],
    duty: 'by listeners',
    async open(supply, limits) {
      const { PgPoolContestant } = await import('./contestants/pg-pool.ts')
      return new PgPoolContestant(supply, limits)
    },
  },
]
