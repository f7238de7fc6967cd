/** A whole number with separators: 14,230. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** Three significant digits or one decimal, whichever is more: 0.183, 6.12, 61.3, 1,204.5. */
export function decimals(value: number): string {
  const digits = value < 1 ? 3 : value < 10 ? 2 : 1
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}

/** A ratio: 3.16 x. */
export function times(value: number, base: number): string {
  return base === 0 ? '' : `${(value / base).toFixed(2)} x`
}

/** A share of one: 23 %. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
