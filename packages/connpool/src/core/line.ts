/** What a Line needs of its members. A member is in at most one line at a time. */
export interface Placed {
  /** Its place. Only its line changes it. */
  place: number
}

/** Places that a line has at least, once it has any; a power of two, as every number of them is. */
const LEAST = 16
/** An empty line with more places than these gives them back. */
const KEPT = 1_024

/**
 * First in, first out, for very many: a ring, with holes where members left out of turn. Every step is
 * O(1) but for the copy that a full ring is, into one of twice the size or, where holes are half
 * of it, without them: O(1) for each that came (law 25). It allocates nothing else. A chain of 100,000
 * takes the garbage collector twice as long to copy.
 */
export class Line<T extends Placed> {
  #ring: (T | null)[] = []
  /** The first has this place; unless there is none it is no hole. */
  #head = 0
  /** The next will have this place; what is before it is no hole either. */
  #tail = 0
  size = 0

  get first(): T | null {
    return this.size === 0 ? null : this.#at(this.#head)
  }

  get last(): T | null {
    return this.size === 0 ? null : this.#at(this.#tail - 1)
  }

  /** Adds at the newest end. */
  push(member: T): void {
    if (this.#tail - this.#head === this.#ring.length) this.#copy()
    member.place = this.#tail
    this.#ring[this.#tail & (this.#ring.length - 1)] = member
    this.#tail++
    this.size++
  }

  /** Takes out a member; it must be in this line. */
  remove(member: T): void {
    this.#ring[member.place & (this.#ring.length - 1)] = null
    this.size--
    if (this.size === 0) this.#clear()
    else if (member.place === this.#head) while (this.#at(++this.#head) === null);
    else if (member.place === this.#tail - 1) while (this.#at(--this.#tail - 1) === null);
  }

  /** Does something with the newest, as far back as `isNew` holds for them; the oldest of them first. */
  eachNew(isNew: (member: T) => boolean, act: (member: T) => void): void {
    let place = this.#tail
    for (; place > this.#head; place--) {
      const member = this.#at(place - 1)
      if (member !== null && !isNew(member)) break
    }
    for (; place < this.#tail; place++) {
      const member = this.#at(place)
      if (member !== null) act(member)
    }
  }

  #at(place: number): T | null {
    return this.#ring[place & (this.#ring.length - 1)] ?? null
  }

  #clear(): void {
    this.#head = 0
    this.#tail = 0
    if (this.#ring.length > KEPT) this.#ring = []
  }

  /** Into a ring with room for at least as many again. */
  #copy(): void {
    const old = this.#ring
    const from = this.#head
    const isSparse = this.size * 2 <= old.length
    const length = Math.max(LEAST, isSparse ? old.length : old.length * 2)
    const ring = new Array<T | null>(length).fill(null)
    let place = 0
    for (let index = 0; index < old.length; index++) {
      const member = old[(from + index) & (old.length - 1)] ?? null
      if (member === null) continue
      member.place = place
      ring[place++] = member
    }
    this.#ring = ring
    this.#head = 0
    this.#tail = place
  }
}
