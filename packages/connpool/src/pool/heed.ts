/** Who is told when a signal aborts. */
export interface Heeder {
  aborted(reason: unknown): void
}

/** Those who heed a signal, behind one listener: a thousand would have Node warn of a leak. */
class Heed {
  readonly #signal: AbortSignal
  /** Most signals are heeded by one at a time, who needs no set. */
  #first: Heeder | null
  #others: Set<Heeder> | null = null

  constructor(signal: AbortSignal, first: Heeder) {
    this.#signal = signal
    this.#first = first
  }

  add(heeder: Heeder): void {
    this.#others ??= new Set()
    this.#others.add(heeder)
  }

  /** Answers whether nobody is left. */
  remove(heeder: Heeder): boolean {
    if (heeder === this.#first) this.#first = null
    else this.#others?.delete(heeder)
    return this.#first === null && (this.#others === null || this.#others.size === 0)
  }

  handleEvent(): void {
    const { reason } = this.#signal
    this.#first?.aborted(reason)
    for (const heeder of this.#others ?? []) heeder.aborted(reason)
  }
}

const heeds = new WeakMap<AbortSignal, Heed>()
const ONCE = Object.freeze({ once: true })

/** Has `heeder` told once when `signal` aborts; in order, where several heed it. */
export function heed(signal: AbortSignal, heeder: Heeder): void {
  const known = heeds.get(signal)
  if (known !== undefined) return known.add(heeder)
  const first = new Heed(signal, heeder)
  heeds.set(signal, first)
  signal.addEventListener('abort', first, ONCE)
}

/** Ends what `heed` began. */
export function unheed(signal: AbortSignal, heeder: Heeder): void {
  const known = heeds.get(signal)
  if (known?.remove(heeder) !== true) return
  heeds.delete(signal)
  signal.removeEventListener('abort', known)
}
