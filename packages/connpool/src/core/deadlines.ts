/** What Deadlines need of their members. A member is in at most one of them at a time. */
export interface Timed<T> {
  /** When it is due, in ms of the pool's clock. */
  dueAt: number
  /** Of those due at the same moment, the one with the lower number is first. */
  readonly seq: number
  /** Its place: OUTSIDE, IN_RUN, or its index in the heap. Only Deadlines change it. */
  dueIndex: number
  earlier: T | null
  later: T | null
}

export const OUTSIDE = -2
const IN_RUN = -1

/**
 * Deadlines in order (law 12). One that comes in order joins a run (a linked list: O(1) in and out);
 * only one that is due before the last of the run goes to an indexed binary heap (O(log n)).
 * So a pool with one timeout pays for no heap, and no order of arrival costs more than a heap (law 25).
 */
export class Deadlines<T extends Timed<T>> {
  #runFirst: T | null = null
  #runLast: T | null = null
  readonly #heap: T[] = []

  /** The member that is due first, or null. */
  get first(): T | null {
    const run = this.#runFirst
    const top = this.#heap[0]
    if (top === undefined) return run
    return run === null || precedes(top, run) ? top : run
  }

  /** When the first member is due; Infinity when there is none. */
  get at(): number {
    const first = this.first
    return first === null ? Infinity : first.dueAt
  }

  /** Adds a member due at `at`. What is never due is not kept. */
  add(member: T, at: number): void {
    member.dueAt = at
    if (at === Infinity) return
    const last = this.#runLast
    if (last !== null && precedes(member, last)) {
      this.#heap.push(member)
      this.#rise(this.#heap.length - 1, member)
      return
    }
    member.dueIndex = IN_RUN
    member.earlier = last
    if (last === null) this.#runFirst = member
    else last.later = member
    this.#runLast = member
  }

  /** Takes a member out, which keeps its `dueAt`; does nothing when it is not in. */
  remove(member: T): void {
    const index = member.dueIndex
    if (index === OUTSIDE) return
    member.dueIndex = OUTSIDE
    if (index === IN_RUN) this.#leaveRun(member)
    else this.#leaveHeap(index)
  }

  #leaveRun(member: T): void {
    const { earlier, later } = member
    if (earlier === null) this.#runFirst = later
    else earlier.later = later
    if (later === null) this.#runLast = earlier
    else later.earlier = earlier
    member.earlier = null
    member.later = null
  }

  #leaveHeap(index: number): void {
    const last = this.#heap.pop()
    if (last === undefined || index === this.#heap.length) return
    this.#rise(index, last)
    if (last.dueIndex === index) this.#sink(index, last)
  }

  #rise(from: number, member: T): void {
    const heap = this.#heap
    let index = from
    while (index > 0) {
      const up = (index - 1) >> 1
      const parent = heap[up]
      if (parent === undefined || !precedes(member, parent)) break
      heap[index] = parent
      parent.dueIndex = index
      index = up
    }
    heap[index] = member
    member.dueIndex = index
  }

  #sink(from: number, member: T): void {
    const heap = this.#heap
    let index = from
    for (;;) {
      let down = 2 * index + 1
      let child = heap[down]
      const right = heap[down + 1]
      if (child === undefined) break
      if (right !== undefined && precedes(right, child)) {
        down++
        child = right
      }
      if (!precedes(child, member)) break
      heap[index] = child
      child.dueIndex = index
      index = down
    }
    heap[index] = member
    member.dueIndex = index
  }
}

function precedes<T extends Timed<T>>(one: T, other: T): boolean {
  return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.seq < other.seq)
}

/** A moment at which its owner is due, for an owner that keeps several at a time. */
export class Deadline<O> implements Timed<Deadline<O>> {
  readonly owner: O
  dueAt = 0
  readonly seq: number
  dueIndex: number = OUTSIDE
  earlier: Deadline<O> | null = null
  later: Deadline<O> | null = null

  constructor(owner: O, seq = 0) {
    this.owner = owner
    this.seq = seq
  }
}
