/** A fault that other pools had, planted in this one. */
export interface KnownFault {
  /** What happens in a pool that has it. */
  readonly name: string
  /** The law that it breaks; null when it is a promise of another kind. */
  readonly law: number | null
  /** Where it is planted: `core/policy`. */
  readonly file: string
  /** What is there exactly once, and what is planted in its place. */
  readonly from: string
  readonly to: string
}

/** What pools for Node, Go and Java have really done, each as small a change as shows it. */
export const knownFaults: readonly KnownFault[] = [
  {
    name: 'more are dialled than max',
    law: 3,
    file: 'core/policy',
    from: 'return this.max - this.#roster.taken',
    to: 'return this.max - this.#roster.inUse',
  },
  {
    name: 'a burst dials all at once, over maxConnecting',
    law: 4,
    file: 'core/policy',
    from: 'if (opening.size >= most) return',
    to: '',
  },
  {
    name: 'a dial that fails at once is repeated at once, and the loop is frozen',
    law: 20,
    file: 'core/backoff',
    from: 'this.until = now + this.#delay(this.failures)',
    to: 'this.#delay(this.failures)',
  },
  {
    name: 'a delay that chance makes 0 ms is none',
    law: 20,
    file: 'core/backoff',
    from: 'return Math.max(SHORTEST_MS, delay * (1 - jitter * this.#random()))',
    to: 'return delay * (1 - jitter * this.#random())',
  },
  {
    name: 'one failed dial fails everybody who waits',
    law: 11,
    file: 'core/backoff',
    from: "(this.standing === 'backend' && this.failures >= this.#limits.failFastAfter)",
    to: 'this.failures > 0',
  },
  {
    name: 'a failed dial is forgotten, and who waits for it waits for ever',
    law: 7,
    file: 'core/machine',
    from: `if (wanted) this.moves.dialFailed(slot, failureClass, error, now)
    this.policy.pump(now)`,
    to: 'if (wanted) this.moves.dialFailed(slot, failureClass, error, now)',
  },
  {
    name: 'a dial that never settles keeps its place, and max of them kill the pool',
    law: 12,
    file: 'core/agenda',
    from: "moves.giveUp(slot, 'backend', undefined, now),",
    to: 'moves.roster.move(slot, "aborting", now + 2 ** 40),',
  },
  {
    name: 'a destroy that never settles keeps its place',
    law: 3,
    file: 'core/agenda',
    from: 'overdue(roster.closing, limits.destroyTimeoutMs, (slot) => moves.departed(slot)),',
    to: '',
  },
  {
    name: 'the deadline of an acquire does not bound the dial that it waits for',
    law: 8,
    file: 'core/queue',
    from: 'waiter.turnOnly ? Infinity : now + waiter.patienceMs',
    to: 'waiter.turnOnly || this.size === 1 ? Infinity : now + waiter.patienceMs',
  },
  {
    name: 'somebody is served past the deadline',
    law: 9,
    file: 'core/policy',
    from: 'if (waiter === null || waiter.dueAt > now) return waiter',
    to: 'return waiter',
  },
  {
    name: 'a probe that rejects loses the place',
    law: 2,
    file: 'core/machine',
    from: 'if (!lives) this.moves.probeFailed(slot, failureClass, error, now)',
    to: 'if (!lives) this.#roster.remove(slot)',
  },
  {
    name: 'a probe that rejects is no answer',
    law: 19,
    file: 'pool/world',
    from: '      failure = error\n',
    to: '      return null\n',
  },
  {
    name: 'a connection whose reset failed is lent',
    law: 16,
    file: 'core/machine',
    from: 'else this.moves.resetFailed(slot, error, now)',
    to: 'else this.#settleIn(slot, now)',
  },
  {
    name: 'min is made at the start, and never again',
    law: 20,
    file: 'core/policy',
    from: 'Math.max(this.#shortage, this.min - this.#roster.sound)',
    to: 'Math.max(this.#shortage, this.min - this.#moves.tally.opened)',
  },
  {
    name: 'min is evicted and dialled anew at each idle timeout',
    law: 22,
    file: 'core/policy',
    from: 'idle.size > this.#limits.minIdle && sound > this.min',
    to: 'idle.size > this.#limits.minIdle',
  },
  {
    name: 'eviction goes below minIdle',
    law: 22,
    file: 'core/policy',
    from: 'idle.size > this.#limits.minIdle && sound > this.min',
    to: 'sound > this.min',
  },
  {
    name: 'the first is always lent first, so that none is ever idle for long',
    law: null,
    file: 'core/roster',
    from: 'this.#lifo ? this.#idle.last : this.#idle.first',
    to: 'this.#idle.first',
  },
  {
    name: 'jitter makes lives longer than maxLifetimeMs',
    law: 21,
    file: 'core/roster',
    from: 'maxLifetimeMs * (1 - lifetimeJitter * random)',
    to: 'maxLifetimeMs * (1 + lifetimeJitter * random)',
  },
  {
    name: 'upkeep takes all idle ones away at once, and borrowers find none',
    law: 25,
    file: 'core/agenda',
    from: 'deadline(roster.nextProbe, (slot, now) => moves.probe(slot, true, now)),',
    to: `deadline(roster.nextProbe, (_, now) => {
        for (const slot of roster.idle.toArray()) moves.probe(slot, true, now)
      }),`,
  },
  {
    name: 'what is returned to a full pool is forgotten open',
    law: 2,
    file: 'core/policy',
    from: "this.#moves.close(expendable, 'excess', now)",
    to: 'this.#roster.remove(expendable)',
  },
  {
    name: 'a place that a destroy freed wakes nobody',
    law: 7,
    file: 'core/machine',
    from: 'this.moves.departed(slot)\n    this.policy.pump(now)',
    to: 'this.moves.departed(slot)',
  },
  {
    name: 'a place that a detach freed wakes nobody',
    law: 7,
    file: 'core/machine',
    from: `      this.moves.detach(slot)
    }
    this.policy.pump(now)`,
    to: `      this.moves.detach(slot)
    }`,
  },
  {
    name: 'one that is destroyed twice is counted twice',
    law: 24,
    file: 'core/machine',
    from: "if (slot.state !== 'closing') return\n    this.moves.departed(slot)",
    to: 'this.moves.departed(slot)',
  },
  {
    name: 'the result of an aborted dial is lost open',
    law: 10,
    file: 'core/moves',
    from: "this.effects.destroy(slot, 'excess', undefined)",
    to: '',
  },
  {
    name: 'the place of an aborted dial is free before the dial has stopped',
    law: 3,
    file: 'core/roster',
    from: 'return this.open + this.opening.size + this.aborting.size',
    to: 'return this.open + this.opening.size',
  },
  {
    name: 'who gave up stays in the queue, and is given what nobody returns',
    law: 9,
    file: 'core/moves',
    from: `this.#queueOf(waiter).leave(waiter)
    if (waiter.purpose === 'ready') return`,
    to: "if (waiter.purpose === 'ready') return",
  },
  {
    name: 'an aborted acquire rejects, and is lent to all the same',
    law: 9,
    file: 'pool/world',
    from: 'if (!this.machine.cancel(ticket, this.now())) return false\n',
    to: '',
  },
  {
    name: 'a lease released twice has its connection lent to two',
    law: 13,
    file: 'pool/lease',
    from: 'this.#slot = null\n    if (this.#recall',
    to: 'if (this.#recall',
  },
  {
    name: 'an acquire is refused as exhausted while connections are free',
    law: null,
    file: 'core/machine',
    from: 'const ahead = this.policy.paused ? this.moves.queue.size : -this.#free',
    to: 'const ahead = this.policy.paused ? this.moves.queue.size : this.#roster.inUse',
  },
  {
    name: 'invalidate misses the dials in flight',
    law: 17,
    file: 'core/moves',
    from: 'const dials = opening.toArray()',
    to: 'const dials: Slot<C>[] = []',
  },
  {
    name: 'an acquire after close waits for its timeout',
    law: 18,
    file: 'core/machine',
    from: "if (this.policy.phase !== 'running') return 'closed'\n",
    to: '',
  },
  {
    name: 'an acquire after close opens the pool again',
    law: 18,
    file: 'core/machine',
    from: "if (this.policy.phase !== 'running') return 'closed'\n",
    to: "if (this.policy.phase !== 'running') this.policy.phase = 'running'\n",
  },
  {
    name: 'a second close leaves the first without an answer',
    law: 18,
    file: 'pool/pool',
    from: 'this.#closed ??= new Promise<void>',
    to: 'this.#closed = new Promise<void>',
  },
  {
    name: 'a closed pool leaves its timer set',
    law: 18,
    file: 'pool/world',
    from: '  drained(): void {\n    this.#setAlarm()\n',
    to: '  drained(): void {\n',
  },
  {
    name: 'idle connections keep the process from ending',
    law: null,
    file: 'pool/alarm',
    from: 'else this.#timer.unref()',
    to: '',
  },
  {
    name: 'releases that hand on at once stand on each other’s stack',
    law: 19,
    file: 'core/policy',
    from: '      this.#again = true\n      return\n',
    to: '      this.#again = true\n',
  },
  {
    name: 'a mass expiry stalls the loop',
    law: 25,
    file: 'core/queue',
    from: 'export const EXPIRE_AT_ONCE = 1_000',
    to: 'export const EXPIRE_AT_ONCE = Infinity',
  },
  {
    name: 'a callback that throws loses what it was about',
    law: 19,
    file: 'pool/world',
    from: "      this.judgement.complain('destroy', error)\n    }",
    to: "      this.judgement.complain('destroy', error)\n      return\n    }",
  },
]
