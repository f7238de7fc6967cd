/** Placeholder. */
export const size = (list: readonly unknown[]): number => list.length
