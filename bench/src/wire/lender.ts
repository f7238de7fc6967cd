import type { Socket } from 'node:net'

/** Who lends sockets: a pool, or a pair of hands. Borrowers are the same code with either. */
export interface Lender<Held = unknown> {
  take(): Promise<Held>
  socketOf(held: Held): Socket
  giveBack(held: Held): void
  /** Takes back what is in an unknown state. */
  discard(held: Held, error: unknown): void
  close(): Promise<void>
}

/** Where a lender dials on loopback, and how many sockets it may have. */
export interface LenderTerms {
  readonly port: number
  readonly max: number
}

export const lenders = ['connpool', 'hand'] as const

export type LenderName = (typeof lenders)[number]

/** Loads no more than it needs: what the other would load is no part of this process. */
export async function openLender(name: LenderName, terms: LenderTerms): Promise<Lender> {
  switch (name) {
    case 'connpool':
      return new (await import('./connpool-lender.ts')).ConnpoolLender(terms)
    case 'hand':
      return await (await import('./hand-lender.ts')).HandLender.open(terms)
  }
  return name satisfies never
}
