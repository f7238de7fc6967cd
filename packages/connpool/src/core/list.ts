/** What a List needs of its members. A member is in at most one list at a time. */
export interface Linked<T> {
  prev: T | null
  next: T | null
}

/** An intrusive doubly linked list: every step is O(1) (law 25) and allocates nothing. */
export class List<T extends Linked<T>> {
  first: T | null = null
  last: T | null = null
  size = 0

  /** Adds at the newest end. */
  push(member: T): void {
    const last = this.last
    member.prev = last
    if (last === null) this.first = member
    else last.next = member
    this.last = member
    this.size++
  }

  /** Adds at the oldest end. */
  unshift(member: T): void {
    const first = this.first
    member.next = first
    if (first === null) this.last = member
    else first.prev = member
    this.first = member
    this.size++
  }

  /** Takes out a member; it must be in this list. */
  remove(member: T): void {
    const { prev, next } = member
    if (prev === null) this.first = next
    else prev.next = next
    if (next === null) this.last = prev
    else next.prev = prev
    member.prev = null
    member.next = null
    this.size--
  }

  /** The members now, oldest first: for work on all of them that may change the list. */
  toArray(): T[] {
    const members: T[] = []
    for (let member = this.first; member !== null; member = member.next) members.push(member)
    return members
  }
}
