/**
 * Runs `act` while errors are made without a stack, which is most of what one costs (2.3 of 2.6 us).
 * For errors that are made for somebody who is not on the stack: theirs would tell of the pool alone.
 */
export function stackless<R>(act: () => R): R {
  // Whoever froze it, or put an accessor in its place, is left in peace.
  if (Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')?.writable !== true) return act()
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return act()
  } finally {
    Error.stackTraceLimit = limit
  }
}
