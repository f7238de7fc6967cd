/**
 * Where loops put what they are lent. It is exported and outlives them, so every lease really exists: neither escape analysis nor
 * dead-code elimination may remove it. A ring, because an ever growing array would measure its own growth.
 */
export const kept: unknown[] = new Array(64).fill(null)

/** `kept[i & keptMask]` is a place in the ring. */
export const keptMask = 63
