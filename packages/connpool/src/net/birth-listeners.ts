import type { EventEmitter } from 'node:events'

type Name = string | symbol
type Listener = (...args: unknown[]) => unknown

/** How Node keeps listeners: one as it is, several in an array. Undocumented, so it may be absent. */
interface Inside {
  readonly _eventsCount?: number
  readonly _events?: {
    readonly close?: unknown
    readonly error?: unknown
    readonly end?: unknown
    readonly [name: Name]: unknown
  }
}

const NONE: readonly never[] = []

/** What was added since birth, in order; and the names of which something is gone. */
interface Difference {
  readonly added: readonly (readonly [name: Name, listener: Listener])[]
  readonly lost: readonly Name[]
}

/**
 * The listeners that a connection was born with: those of Node, of the pool and of the handshake.
 * Compared one by one, with `once` wrappers as they are, they tell what was added since, which can be
 * taken off wherever it stands, and what is gone.
 */
export class BirthListeners {
  /**
   * What Node keeps of them: a few reads then show that nothing has changed. All sockets have listeners
   * of the three names that stand by themselves, and many have no others.
   */
  readonly #count: number | undefined
  readonly #close: unknown
  readonly #error: unknown
  readonly #end: unknown
  readonly #others: readonly (readonly [name: Name, kept: unknown])[] = NONE
  /** What is kept as an array, as it was. */
  readonly #several: readonly (readonly [kept: readonly unknown[], copy: readonly Listener[]])[] =
    NONE
  /** Where it cannot be seen what Node keeps: all of them. */
  readonly #all: ReadonlyMap<Name, readonly Listener[]> | null = null

  constructor(emitter: EventEmitter & Inside) {
    const { _events: events, _eventsCount: count } = emitter
    const names = emitter.eventNames()
    this.#count = count
    if (events === undefined || count === undefined) {
      this.#all = new Map(names.map((name) => [name, listenersOf(emitter, name)]))
      return
    }
    this.#close = events.close
    this.#error = events.error
    this.#end = events.end
    const kept = names.map((name) => [name, events[name]] as const)
    const others = kept.filter(([name]) => name !== 'close' && name !== 'error' && name !== 'end')
    if (others.length > 0) this.#others = others
    this.#several = kept.flatMap(([, kept]) => (Array.isArray(kept) ? [[kept, [...kept]]] : []))
  }

  /** All are there, and no others. It may say no where they are: then `restore` finds nothing to do. */
  areAllOf(emitter: EventEmitter & Inside): boolean {
    const { _events: events, _eventsCount: count } = emitter
    if (events === undefined || count === undefined || count !== this.#count) return false
    if (events.close !== this.#close || events.error !== this.#error) return false
    if (events.end !== this.#end) return false
    for (const [name, kept] of this.#others) if (events[name] !== kept) return false
    for (const [kept, copy] of this.#several) if (!isSame(kept, copy)) return false
    return true
  }

  /** Takes off what was added. Answers false where that cannot be, or where something is gone. */
  restore(emitter: EventEmitter): boolean {
    const { added } = this.difference(emitter)
    if (added.some(([name]) => STAYING.has(name))) return false
    for (const [name, listener] of added.toReversed()) emitter.removeListener(name, listener)
    const left = this.difference(emitter)
    return left.added.length === 0 && left.lost.length === 0
  }

  difference(emitter: EventEmitter): Difference {
    const added: [Name, Listener][] = []
    const lost: Name[] = []
    const born = this.#all ?? this.#born()
    for (const name of new Set([...born.keys(), ...emitter.eventNames()])) {
      const gone = [...(born.get(name) ?? [])]
      for (const listener of listenersOf(emitter, name)) {
        const place = gone.indexOf(listener)
        if (place === -1) added.push([name, listener])
        else gone.splice(place, 1)
      }
      if (!gone.every((listener) => leavesByItself(name, listener))) lost.push(name)
    }
    return { added, lost }
  }

  /** Those it was born with, made of what Node kept of them: rarely asked for, so not kept here. */
  #born(): ReadonlyMap<Name, readonly Listener[]> {
    const copies = new Map<unknown, readonly Listener[]>(this.#several)
    const kept: readonly (readonly [Name, unknown])[] = [
      ['close', this.#close],
      ['error', this.#error],
      ['end', this.#end],
      ...this.#others,
    ]
    const born = new Map<Name, readonly Listener[]>()
    for (const [name, listeners] of kept) {
      if (listeners === undefined) continue
      born.set(name, copies.get(listeners) ?? [listeners as Listener]) // One stands as it is.
    }
    return born
  }
}

/** Notes the listeners of a pool's sockets: most are born with the same, and share one note of them. */
export class Births {
  #usual: BirthListeners | null = null

  /** Those that a socket has now. */
  of(emitter: EventEmitter): BirthListeners {
    if (this.#usual?.areAllOf(emitter) !== true) this.#usual = new BirthListeners(emitter)
    return this.#usual
  }
}

/**
 * Listeners that are not taken off: whoever pipes into the connection goes on writing all the same, and
 * who wants to be told of what is taken off would be called.
 */
const STAYING: ReadonlySet<Name> = new Set(['unpipe', 'removeListener'])

function listenersOf(emitter: EventEmitter, name: Name): Listener[] {
  return emitter.rawListeners(name) as Listener[] // Of no more precise type in Node's own.
}

/** A `once` listener that was called; or one of Node's own for TLS, which looks for others to be added. */
function leavesByItself(name: Name, listener: Listener): boolean {
  return 'listener' in listener || name === 'newListener'
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  if (some.length !== others.length) return false
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false
  return true
}
