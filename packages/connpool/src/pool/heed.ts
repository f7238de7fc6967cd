/** Those who heed a signal, behind one listener: a thousand would have Node warn of a leak. */
interface Heed {
  readonly acts: Set<() => void>
  readonly listener: () => void
}

const heeds = new WeakMap<AbortSignal, Heed>()

/** Calls `act` once when `signal` aborts; in order, where several heed it. */
export function heed(signal: AbortSignal, act: () => void): void {
  const { acts } = heeds.get(signal) ?? listen(signal)
  acts.add(act)
}

/** Ends what `heed` began. */
export function unheed(signal: AbortSignal, act: () => void): void {
  const entry = heeds.get(signal)
  if (entry === undefined || !entry.acts.delete(act) || entry.acts.size > 0) return
  heeds.delete(signal)
  signal.removeEventListener('abort', entry.listener)
}

function listen(signal: AbortSignal): Heed {
  const acts = new Set<() => void>()
  const listener = () => {
    for (const act of acts) act()
  }
  const entry: Heed = { acts, listener }
  heeds.set(signal, entry)
  signal.addEventListener('abort', listener, { once: true })
  return entry
}
