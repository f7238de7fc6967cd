import type { FailureClass } from './backoff.ts'
import type { CloseReason } from './slot.ts'

/** What happened so far (law 24). Every figure only goes up; what is, is read from the lists. */
export class Tally {
  acquires = 0
  hits = 0
  misses = 0
  waits = 0
  timeouts = 0
  aborts = 0
  refused = 0
  failed = 0
  releases = 0
  opened = 0
  probes = 0
  probeFailures = 0
  resets = 0
  resetFailures = 0
  closeTimeouts = 0
  waitTimeMs = 0
  readonly connectFailures: Record<FailureClass, number> = {
    config: 0,
    local: 0,
    overload: 0,
    backend: 0,
  }
  readonly closed: Record<CloseReason, number> = {
    idle: 0,
    lifetime: 0,
    uses: 0,
    died: 0,
    dirty: 0,
    destroyed: 0,
    unreleased: 0,
    probe: 0,
    reset: 0,
    invalidated: 0,
    readdressed: 0,
    resized: 0,
    excess: 0,
    detached: 0,
    shutdown: 0,
  }
}
