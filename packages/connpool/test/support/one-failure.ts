/** A backoff that rejects after one failed dial, and tries no other before the test is over. */
export const oneFailure = { initialMs: 5_000, jitter: 0, failFastAfter: 1 } as const
