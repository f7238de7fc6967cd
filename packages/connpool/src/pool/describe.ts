/** What was thrown, in words; anything can be thrown, also what cannot be shown. */
export function describe(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'something that cannot be shown'
  }
}

/** Reports what a callback of the user's threw. */
export function warnOf(message: string, code: string, error: unknown): void {
  const detail = stackOf(error)
  process.emitWarning(message, { code, ...(detail !== undefined && { detail }) })
}

function stackOf(error: unknown): string | undefined {
  try {
    return error instanceof Error ? String(error.stack) : undefined
  } catch {
    return undefined
  }
}
