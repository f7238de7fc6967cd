import { type Linked, List } from './list.ts'

/** A lent connection's place among those that can take one more lease. */
export class Seat<O> implements Linked<Seat<O>> {
  readonly owner: O
  prev: Seat<O> | null = null
  next: Seat<O> | null = null
  /** Leases it has now. */
  leases = 0
  row: Row<O> | null = null

  constructor(owner: O) {
    this.owner = owner
  }
}

/** The seats that have the same number of leases. */
class Row<O> extends List<Seat<O>> {
  readonly leases: number
  emptier: Row<O> | null = null
  fuller: Row<O> | null = null

  constructor(leases: number) {
    super()
    this.leases = leases
  }
}

/**
 * Lent connections with a lease to spare, fullest first, so that the others can fall idle. One that
 * has `maxLeases` is in no row (law 1).
 *
 * There is a row for each number of leases that occurs, and the rows are chained by that number. A
 * seat gains or loses one lease at a time, so it moves to a neighbouring row: every step is O(1) (law 25).
 */
export class Seats<O> {
  readonly #perConnection: number
  #emptiest: Row<O> | null = null
  #fullest: Row<O> | null = null
  /** Leases that can be made on them. */
  free = 0

  constructor(perConnection: number) {
    this.#perConnection = perConnection
  }

  /** Whose seat has the most leases and can take one more; null when there is none. */
  get fullest(): O | null {
    return this.#fullest?.last?.owner ?? null
  }

  /** One lease more: takes the first into the rows, and a full one out of them. */
  gain(seat: Seat<O>): void {
    this.#count(seat, seat.leases + 1)
    const row = seat.row
    row?.remove(seat)
    if (seat.leases < this.#perConnection) this.#enter(seat, row)
    else seat.row = null
    this.#drop(row)
  }

  /** One lease less: takes a full one back into the rows, and one without leases out of them. */
  lose(seat: Seat<O>): void {
    this.#count(seat, seat.leases - 1)
    const row = seat.row
    row?.remove(seat)
    if (seat.leases > 0) this.#enter(seat, row === null ? this.#fullest : row.emptier)
    else seat.row = null
    this.#drop(row)
  }

  /** Takes out one that is to be lent no more. */
  remove(seat: Seat<O>): void {
    const row = seat.row
    row?.remove(seat)
    seat.row = null
    this.#count(seat, 0)
    this.#drop(row)
  }

  #count(seat: Seat<O>, leases: number): void {
    this.free += this.#spare(leases) - this.#spare(seat.leases)
    seat.leases = leases
  }

  /** What a seat with so many leases can take; one without leases is none. */
  #spare(leases: number): number {
    return leases === 0 ? 0 : this.#perConnection - leases
  }

  /** Puts a seat into the row of its count, which is `below` or comes right after it. */
  #enter(seat: Seat<O>, below: Row<O> | null): void {
    const above = below === null ? this.#emptiest : below.fuller
    let row = below
    if (row === null || row.leases !== seat.leases) row = above
    if (row === null || row.leases !== seat.leases) row = this.#insert(seat.leases, below, above)
    row.push(seat)
    seat.row = row
  }

  #insert(leases: number, below: Row<O> | null, above: Row<O> | null): Row<O> {
    const row = new Row<O>(leases)
    this.#chain(below, row)
    this.#chain(row, above)
    return row
  }

  /** Takes a row out of the chain once nobody sits in it. */
  #drop(row: Row<O> | null): void {
    if (row?.size === 0) this.#chain(row.emptier, row.fuller)
  }

  /** Makes two rows neighbours; null is an end of the chain. */
  #chain(below: Row<O> | null, above: Row<O> | null): void {
    if (below === null) this.#emptiest = above
    else below.fuller = above
    if (above === null) this.#fullest = below
    else above.emptier = below
  }
}
