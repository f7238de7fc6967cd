/** What a contestant lends: nothing but an identity and a mark that says whether somebody has it. */
export interface Connection {
  readonly id: number
  lent: boolean
}

class LineConnection implements Connection {
  lent = false
  readonly id: number
  constructor(id: number) {
    this.id = id
  }
}

class QueryConnection implements Connection {
  readonly statements = new Map<string, number>()
  readonly id: number
  lent = false
  constructor(id: number) {
    this.id = id
  }
}

class FrameConnection implements Connection {
  readonly window = 65_535
  lent = false
  readonly streams: number[] = []
  readonly id: number
  constructor(id: number) {
    this.id = id
  }
}

/**
 * Makers of three connection types with three hidden classes. Every trial keeps one pool of each alive and measures all
 * three, so that no contestant is optimised for the only connection type of the process, which real programs are not.
 */
export const connectionTypes: readonly ((id: number) => Connection)[] = [
  (id) => new LineConnection(id),
  (id) => new QueryConnection(id),
  (id) => new FrameConnection(id),
]
