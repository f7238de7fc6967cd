/** What was thrown, in words; anything can be thrown, also what cannot be shown. */
export function describe(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'something that cannot be shown'
  }
}

/** Reports what a callback of the user's threw. */
export function warnOf(message: string, code: string, error: unknown): void {
  process.emitWarning(message, {
    code,
    ...(error instanceof Error && { detail: String(error.stack) }),
  })
}
