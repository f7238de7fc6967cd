/** Placeholder. */
export const testing = true
