const SUB_BITS = 8
const SUB_COUNT = 1 << SUB_BITS
const HIGHEST = 2 ** 31 - 1
const BUCKETS = (32 - SUB_BITS) * SUB_COUNT

/**
 * Counts durations in whole microseconds, up to 35 minutes. Log-linear: exact below 512 us, above it a
 * percentile is within 0.2 % of the truth; the mean and the maximum are exact. Recording allocates nothing.
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  #count = 0
  #sum = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  /** In microseconds; 0 when nothing was recorded. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  /** In microseconds; 0 when nothing was recorded. */
  get max(): number {
    return this.#max
  }

  /** Negative durations (a clock that stepped) count as 0, longer ones than 35 minutes as 35 minutes. */
  record(us: number): void {
    const value = us >= HIGHEST ? HIGHEST : us > 0 ? Math.round(us) : 0
    const index = indexOf(value)
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#count += 1
    this.#sum += value
    if (value > this.#max) this.#max = value
  }

  /** The value that `percent` (0 to 100) of all records do not exceed, in microseconds. */
  percentile(percent: number): number {
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#count))
    let seen = 0
    for (let index = 0; index < BUCKETS; index += 1) {
      seen += this.#counts[index] ?? 0
      if (seen >= rank) return Math.min(middleOf(index), this.#max)
    }
    return this.#max
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#sum = 0
    this.#max = 0
  }
}

function indexOf(value: number): number {
  const shift = Math.max(0, 31 - SUB_BITS - Math.clz32(value))
  return shift * SUB_COUNT + (value >>> shift)
}

function middleOf(index: number): number {
  const shift = Math.max(0, Math.floor(index / SUB_COUNT) - 1)
  const low = (index - shift * SUB_COUNT) * 2 ** shift
  return low + (2 ** shift - 1) / 2
}
