export type { BackoffLimits, FailureClass } from './core/backoff.ts'
export type { CloseReason } from './core/slot.ts'
export type { PathAddress, TcpAddress } from './net/address.ts'
export type { KeepAlive } from './net/dial.ts'
export type { Handshake, HandshakeContext } from './net/handshake.ts'
export type { Lookup, LookupAnswer, LookupQuery, ResolvedAddress } from './net/lookup.ts'
export type { Connect, ConnectContext, OwnDialer, OwnTlsDialer } from './net/own-dialer.ts'
export type { TcpPoolOptions, TcpPoolSettings } from './net/tcp-options.ts'
export { createTcpPool, type TcpPool } from './net/tcp-pool.ts'
export type { Pem, Tls, TlsOptions, TlsVersion } from './net/tls-options.ts'
export type { Clock, Timer } from './pool/clock.ts'
export {
  AcquireTimeoutError,
  CloseTimeoutError,
  ConnectFailedError,
  InvalidOptionError,
  LeaseReleasedError,
  ListenFailedError,
  PoolClosedError,
  PoolError,
  type PoolErrorCode,
  PoolUnavailableError,
  QueueFullError,
} from './pool/errors.ts'
export type { PoolEvent, PoolEventName, PoolListener, Timings } from './pool/events.ts'
export type { Lease, LeaseHolder, LeaseInfo, ReleaseOptions } from './pool/lease.ts'
export type { PoolOptions, PoolSettings } from './pool/options.ts'
export {
  type AcquireOptions,
  type CloseOptions,
  createPool,
  type Pool,
  type ReadyOptions,
  type UseOptions,
} from './pool/pool.ts'
export { pools } from './pool/registry.ts'
export type {
  ConnectPhase,
  CreateContext,
  ErrorOrigin,
  FailureContext,
  OperationContext,
  Source,
} from './pool/source.ts'
export type { PoolStats } from './pool/stats.ts'
