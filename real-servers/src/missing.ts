import { findProgram } from './program.ts'

/**
 * For the `skip` of a test that needs a program: the reason, where it is not installed. With
 * REQUIRE_SERVERS=1 the test is not skipped, and fails when it asks for the program.
 */
export function skipWithout(program: string, hint = ''): string | false {
  if (process.env.REQUIRE_SERVERS === '1' || findProgram(program) !== undefined) return false
  return `needs ${program}${hint && ` (${hint})`}`
}

/**
 * Where a program is.
 * @throws Error when it is not installed.
 */
export function requireProgram(program: string): string {
  const path = findProgram(program)
  if (path === undefined) throw new Error(`${program} is not installed`)
  return path
}
