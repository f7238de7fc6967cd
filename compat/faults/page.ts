const BEGIN = '<!-- faults: begin -->'
const END = '<!-- faults: end -->'

/** A page with other text between its two marks. @throws Error where it has not each of them once, in order. */
export function withTable(page: string, text: string): string {
  const [before, ...rest] = page.split(BEGIN)
  const [, after, ...more] = rest.join(BEGIN).split(END)
  if (before === undefined || rest.length !== 1 || after === undefined || more.length > 0) {
    throw new Error(`the page needs ${BEGIN} and ${END}, each once`)
  }
  return `${before}${BEGIN}\n\n${text}\n\n${END}${after}`
}
