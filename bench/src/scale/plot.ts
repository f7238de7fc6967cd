/** A line of a plot. */
export interface PlotLine {
  readonly title: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

export interface Plot {
  readonly title: string
  /** What the axes are. */
  readonly x: string
  readonly y: string
  readonly lines: readonly PlotLine[]
}

const width = 760
const height = 440
const left = 80
const right = 210
const top = 48
const bottom = 56

/** Told apart by those who see fewer colours as well. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']

/** The plot as SVG, both axes logarithmic: what costs the same at every size is flat, what grows with it rises. */
export function svgOf({ title, x, y, lines }: Plot): string {
  // A logarithm knows no zero; a weight of nothing has no place here.
  const drawn = lines.map((line) => ({ ...line, points: line.points.filter((p) => p.y > 0) }))
  const all = drawn.flatMap(({ points }) => points)
  const xAxis = new LogAxis(
    all.map((point) => point.x),
    left,
    width - right,
  )
  const yAxis = new LogAxis(
    all.map((point) => point.y),
    height - bottom,
    top,
  )
  const body = [
    text(left, 26, title, 'font-size="16"'),
    ...xAxis.decades().flatMap((value) => {
      const at = xAxis.at(value)
      return [
        stroke(at, top, at, height - bottom),
        text(at, height - bottom + 18, short(value), 'text-anchor="middle"'),
      ]
    }),
    ...yAxis.decades().flatMap((value) => {
      const at = yAxis.at(value)
      return [
        stroke(left, at, width - right, at),
        text(left - 8, at + 4, short(value), 'text-anchor="end"'),
      ]
    }),
    text((left + width - right) / 2, height - 14, x, 'text-anchor="middle"'),
    text(0, 0, y, `text-anchor="middle" transform="translate(20 ${height / 2}) rotate(-90)"`),
    ...drawn.flatMap((line, index) => curve(line, index, xAxis, yAxis)),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${body.join('\n')}
</svg>
`
}

function curve({ title, points }: PlotLine, index: number, x: LogAxis, y: LogAxis): string[] {
  const colour = colours[index % colours.length] ?? '#000000'
  const places = points.map((point) => [x.at(point.x), y.at(point.y)] as const)
  const path = places.map(([px, py]) => `${round(px)},${round(py)}`).join(' ')
  const legend = top + 12 + index * 20
  const start = width - right + 16
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...places.map(
      ([px, py]) => `<circle cx="${round(px)}" cy="${round(py)}" r="3" fill="${colour}"/>`,
    ),
    `<line x1="${start}" y1="${legend}" x2="${start + 18}" y2="${legend}" stroke="${colour}" stroke-width="2"/>`,
    text(start + 24, legend + 4, title, ''),
  ]
}

/** Whole decades, at least one, from the place `from` to the place `to`. */
class LogAxis {
  readonly #low: number
  readonly #high: number
  readonly #from: number
  readonly #to: number

  constructor(values: readonly number[], from: number, to: number) {
    this.#low = values.length === 0 ? 0 : Math.floor(Math.log10(Math.min(...values)))
    const high = values.length === 0 ? 0 : Math.ceil(Math.log10(Math.max(...values)))
    this.#high = Math.max(high, this.#low + 1)
    this.#from = from
    this.#to = to
  }

  at(value: number): number {
    const part = (Math.log10(value) - this.#low) / (this.#high - this.#low)
    return this.#from + part * (this.#to - this.#from)
  }

  decades(): number[] {
    return Array.from({ length: this.#high - this.#low + 1 }, (_, step) => 10 ** (this.#low + step))
  }
}

function stroke(x1: number, y1: number, x2: number, y2: number): string {
  const ends = `x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"`
  return `<line ${ends} stroke="#ddd"/>`
}

function text(x: number, y: number, content: string, how: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${how}>${escaped(content)}</text>`
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`
  if (value >= 1e3) return `${value / 1e3}k`
  return String(Number(value.toPrecision(1)))
}

function round(place: number): string {
  return String(Math.round(place * 10) / 10)
}
