/**
 * The whole number, 1 or more, that a variable of the environment gives; else `usual`. Throws where it
 * gives anything else: a test that then tries nothing would pass.
 */
export function numberGiven(variable: string, usual: number): number {
  const text = process.env[variable]
  if (text === undefined) return usual
  const given = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isSafeInteger(given) && given > 0) return given
  throw new RangeError(
    `${variable} is ${JSON.stringify(text)}; it must be a whole number, 1 or more`,
  )
}
