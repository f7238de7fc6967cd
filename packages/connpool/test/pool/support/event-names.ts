import type { PoolEventName } from '../../../src/pool/events.ts'

/** The events that pools emit so far, each by its name. */
export const EVENT_NAMES = [
  'open',
  'close',
  'acquire',
  'release',
  'refuse',
  'connectFailed',
  'probeFailed',
  'resetFailed',
  'unavailable',
  'available',
  'drain',
] as const satisfies readonly PoolEventName[]
