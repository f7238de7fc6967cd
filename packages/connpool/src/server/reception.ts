import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { CloseReason, Slot } from '../core/slot.ts'
import { type DialOptions, tune } from '../net/dial.ts'
import { discard, endureErrors } from '../net/endure-errors.ts'
import type { Cargo } from '../pool/cargo.ts'
import type { Timings } from '../pool/events.ts'
import type { Judgement } from '../pool/judgement.ts'
import type { Watcher, World } from '../pool/world.ts'
import { type AcceptorOffice, peerOf } from './acceptor.ts'
import { type AllowList, plainAddress } from './allow-list.ts'
import {
  type Guest,
  type HandshakeOutcome,
  Handshakes,
  type HandshakeTerms,
  type RejectReason,
} from './handshakes.ts'
import type { Names } from './names.ts'
import { Peers } from './peers.ts'
import type { Rejection } from './server-options.ts'

/** One that ended by itself so soon after it came, unused, counts as a failed one, in ms. */
const SHORT_LIVED_MS = 1_000

/** Who is let in. */
export interface ReceptionTerms {
  readonly allow: AllowList
  readonly maxPerPeer: number
  readonly handshakes: HandshakeTerms
  readonly sockets: DialOptions
  readonly onReject: ((rejection: Rejection) => void) | undefined
}

/**
 * Where whoever connects is turned away, or made ready, named and handed to the pool; and where it is
 * counted, until it is in the pool no more.
 */
export class Reception<S extends Duplex> implements AcceptorOffice, HandshakeOutcome, Watcher<S> {
  readonly rejected: Record<RejectReason, number> = {
    notAllowed: 0,
    full: 0,
    perPeer: 0,
    tls: 0,
    handshake: 0,
    timeout: 0,
    accept: 0,
  }

  readonly #terms: ReceptionTerms
  readonly #names: Names<S>
  readonly #judgement: Judgement<S>
  readonly #peers: Peers
  readonly #handshakes: Handshakes
  /** Those in the pool. */
  readonly #guests = new Map<Duplex, Guest>()
  #inside: World<S> | null = null

  constructor(terms: ReceptionTerms, names: Names<S>, judgement: Judgement<S>) {
    this.#terms = terms
    this.#names = names
    this.#judgement = judgement
    this.#peers = new Peers(terms.maxPerPeer, terms.handshakes.clock)
    this.#handshakes = new Handshakes(terms.handshakes, this)
  }

  /** Peers in the middle of a handshake. */
  get handshaking(): number {
    return this.#handshakes.size
  }

  /** Whom connections are handed to from now on; null: to nobody, and they are closed. */
  attend(inside: World<S> | null): void {
    this.#inside = inside
  }

  /** Ends all handshakes. */
  stop(why: Error): void {
    this.attend(null)
    this.#handshakes.stop(why)
  }

  accepted(socket: Socket, path: string | undefined): void {
    endureErrors(socket)
    const inside = this.#inside
    if (inside === null) return void socket.destroy()
    const { remoteAddress } = socket
    const peer = remoteAddress === undefined ? null : plainAddress(remoteAddress)
    const address = path ?? peerOf(socket)
    if (address === undefined) {
      const error = new Error('it hung up before it was looked at')
      return this.#turnAway(socket, 'handshake', undefined, error)
    }
    const reason = this.#objectionTo(peer, inside)
    if (reason !== null) return this.#turnAway(socket, reason, address)
    tune(socket, this.#terms.sockets)
    this.#handshakes.begin({ socket, peer, address, begunAt: inside.now(), name: null })
  }

  /** Why a peer is not let in; null where it is, and is counted from now on. */
  #objectionTo(peer: string | null, { machine }: World<S>): RejectReason | null {
    if (peer !== null && !this.#terms.allow(peer)) return 'notAllowed'
    if (machine.policy.room <= this.handshaking) return 'full'
    return peer === null || this.#peers.enter(peer) ? null : 'perPeer'
  }

  /** The system could not accept somebody. */
  notAccepted(error: Error): void {
    this.#tell('accept', undefined, error)
  }

  failed(guest: Guest, reason: RejectReason, error: unknown, isItsFault: boolean): void {
    if (guest.name !== null) this.#names.free(guest.name)
    this.#leave(guest, isItsFault)
    this.#tell(reason, guest.address, error)
  }

  /** The one thing that goes over the wire: what the connection is called. */
  secured(guest: Guest, stream: Duplex): void {
    guest.name = this.#names.draw()
    stream.write(guest.name)
  }

  done(guest: Guest, stream: Duplex, timings: Timings): void {
    const inside = this.#inside
    const about = {
      ...(guest.name !== null && { name: guest.name }),
      address: guest.address,
      timings,
    }
    this.#guests.set(stream, guest)
    try {
      if (inside?.offer(stream as S, about, guest.begunAt, guest.socket as Duplex as S)) return
      this.#refuse(guest, stream, 'full', undefined)
    } catch (error) {
      this.#refuse(guest, stream, 'handshake', error)
    }
  }

  opened(slot: Slot<Cargo<S>>): void {
    this.#names.opened(slot)
  }

  parked(slot: Slot<Cargo<S>>): void {
    this.#names.parked(slot)
  }

  gone(slot: Slot<Cargo<S>>, reason: CloseReason): void {
    this.#names.gone(slot, reason)
    const { connection } = slot.cargo
    const guest = connection === undefined ? undefined : this.#guests.get(connection)
    if (connection === undefined || guest === undefined) return
    this.#guests.delete(connection)
    const isShortLived = (this.#inside?.now() ?? Infinity) - slot.bornAt < SHORT_LIVED_MS
    const isItsOwnDoing = reason === 'died' || reason === 'dirty'
    this.#leave(guest, isItsOwnDoing && isShortLived && slot.uses === 0)
  }

  #refuse(guest: Guest, stream: Duplex, reason: RejectReason, error: unknown): void {
    this.#guests.delete(stream)
    discard(stream)
    this.failed(guest, reason, error, reason !== 'full')
  }

  #leave({ peer }: Guest, hasFailed: boolean): void {
    if (peer === null) return
    if (hasFailed) this.#peers.failed(peer)
    else this.#peers.succeeded(peer)
    this.#peers.leave(peer)
  }

  /** Before a byte is read or written. */
  #turnAway(socket: Socket, reason: RejectReason, address?: string, error?: unknown): void {
    socket.destroy()
    this.#tell(reason, address, error)
  }

  #tell(reason: RejectReason, address?: string, error?: unknown): void {
    this.rejected[reason]++
    const { onReject } = this.#terms
    if (onReject === undefined) return
    const rejection: Rejection = Object.freeze({
      reason,
      ...(address !== undefined && { address }),
      ...(error !== undefined && { error }),
    })
    this.#judgement.call('onReject', () => onReject(rejection))
  }
}
