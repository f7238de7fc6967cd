/** The number that a flag was given. Throws a sentence that names the flag and what it takes. */
export function wholeNumber(flag: string, given: string, most: number): number {
  const number = Number(given)
  if (Number.isInteger(number) && number >= 1 && number <= most) return number
  throw new RangeError(`${flag} takes a whole number from 1 to ${most}, not '${given}'`)
}
