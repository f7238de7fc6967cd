import type { EventEmitter } from 'node:events'
import type { CloseReason, Slot } from '../core/slot.ts'
import type { Cargo } from '../pool/cargo.ts'
import type { Lease } from '../pool/lease.ts'
import { Ticket } from '../pool/ticket.ts'
import type { Watcher, World } from '../pool/world.ts'
import { type DrawId, drawId } from './id.ts'

type Place<S> = Slot<Cargo<S>>

/** Somebody who waits for the connection of one name. */
export class Claim<S extends EventEmitter> extends Ticket<Lease<S>> {
  readonly name: string
  readonly #names: Names<S>

  constructor(
    name: string,
    names: Names<S>,
    timeoutMs: number,
    resolve: (lease: Lease<S>) => void,
    reject: (reason: unknown) => void,
  ) {
    super('named', 0, timeoutMs, resolve, reject)
    this.name = name
    this.#names = names
  }

  override grant(lease: Lease<S>): void {
    this.#names.drop(this)
    super.grant(lease)
  }

  override refuse(reason: unknown): void {
    this.#names.drop(this)
    super.refuse(reason)
  }
}

/**
 * The names of a pool's connections: which are taken, whose they are, and who waits for which. Each step is
 * O(1). A name is taken until its connection is closed, wherever that is by then.
 */
export class Names<S extends EventEmitter> implements Watcher<S> {
  /** null: drawn, or of a connection that is not in the pool. */
  readonly #taken = new Map<string, Place<S> | null>()
  readonly #claims = new Map<string, Set<Claim<S>>>()
  /** Those that were taken out of the pool once, and free their names when they close. */
  readonly #outside = new WeakMap<S, string>()
  readonly #draw: DrawId
  #inside: World<S> | null = null

  constructor(draw: DrawId = drawId) {
    this.#draw = draw
  }

  /** Whose connections they are. */
  attend(inside: World<S>): void {
    this.#inside = inside
  }

  /** A name that nobody has; it is taken from now on. */
  draw(): string {
    let name = this.#draw()
    while (!this.take(name)) name = this.#draw()
    return name
  }

  /** Takes a name that somebody else has drawn. Answers false where it is taken. */
  take(name: string): boolean {
    if (this.#taken.has(name)) return false
    this.#taken.set(name, null)
    return true
  }

  /** Takes the name that a connection had which was taken out of the pool, or one that nobody has. */
  retake(name: string, connection: S): boolean {
    const wasOurs = this.#outside.get(connection) === name && this.find(name) === null
    return wasOurs || this.take(name)
  }

  /** Nobody has the name any more. */
  free(name: string): void {
    this.#taken.delete(name)
  }

  find(name: string): Place<S> | null {
    return this.#taken.get(name) ?? null
  }

  /** Somebody waits for the connection of a name. */
  claim(claim: Claim<S>): void {
    const claims = this.#claims.get(claim.name)
    if (claims === undefined) this.#claims.set(claim.name, new Set([claim]))
    else claims.add(claim)
  }

  /** He waits no more. */
  drop(claim: Claim<S>): void {
    const claims = this.#claims.get(claim.name)
    if (claims?.delete(claim) && claims.size === 0) this.#claims.delete(claim.name)
  }

  opened(slot: Place<S>): void {
    const { name } = slot.cargo.about
    // A listener that was told of it may have it already.
    if (name === undefined || (slot.state !== 'idle' && slot.state !== 'lent')) return
    this.#taken.set(name, slot)
    this.#serve(slot, name)
  }

  parked(slot: Place<S>): void {
    const { name } = slot.cargo.about
    if (name === undefined || !this.#claims.has(name)) return
    queueMicrotask(() => this.#serve(slot, name)) // The sockets are not polled until then.
  }

  gone({ cargo }: Place<S>, reason: CloseReason): void {
    const { connection } = cargo
    const { name } = cargo.about
    if (name === undefined) return
    if (reason !== 'detached' || connection === undefined) return this.free(name)
    this.#taken.set(name, null)
    if (this.#outside.get(connection) === name) return
    // One that came back and goes again by another name has both until it closes.
    this.#outside.set(connection, name)
    connection.once('close', () => {
      if (this.find(name) === null) this.free(name)
    })
  }

  /** Whoever waits for one that idles has it, once it was polled: the pool lends again. */
  resume(): void {
    for (const name of this.#claims.keys()) {
      const slot = this.find(name)
      if (slot !== null) this.#inside?.turns.afterPoll(() => this.#serve(slot, name))
    }
  }

  /** Whoever has waited longest for it has it, if it idles. */
  #serve(slot: Place<S>, name: string): void {
    const inside = this.#inside
    for (const claim of this.#claims.get(name) ?? []) {
      if (inside === null || slot.state !== 'idle') return
      inside.machine.serveNamed(claim, slot, inside.now())
      inside.turns.expectEnd()
    }
  }
}
