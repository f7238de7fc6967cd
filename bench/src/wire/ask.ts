/** The gateway's way to the server behind it: asks once and answers the body of the reply. */
export type Ask = () => Promise<Buffer>

/** Where the server behind the gateway listens on loopback, and how many connections it gets at most. */
export interface UpstreamTerms {
  readonly port: number
  readonly max: number
}

/** What the gateway asks for. */
export const path = '/v1/payments/42'
