import { setTimeout as pause } from 'node:timers/promises'
import { type Backend, MAX } from './backend.ts'
import { DialHistory } from './dial-history.ts'
import type { Fault } from './fault.ts'
import type { Findings } from './findings.ts'
import { handlesBeyond, openHandles } from './handles.ts'
import { Ledger } from './ledger.ts'
import { type Acquire, Load, PATIENCE_MS } from './load.ts'
import { LoopStalls } from './loop-stalls.ts'

/** How long the load runs before the fault, and after the first answer behind it. */
const CALM_MS = 500
/** What has not come back by then never does. */
const GIVE_UP_MS = 15_000
const GRACE_MS = 2_000

/** Has borrowers use a pool, does that to its server for `lastsMs`, lets it recover, closes the pool, and tells what it saw. */
export async function play<T>(
  backend: Backend<T>,
  fault: Fault,
  lastsMs: number,
): Promise<Findings> {
  const warnings: string[] = []
  process.on('warning', (warning) => warnings.push(String(warning)))
  const before = openHandles()
  const stalls = new LoopStalls()
  const dials = new DialHistory()
  const ledger = new Ledger(dials.begun)
  const pool = backend.open(ledger)
  dials.listen(pool)
  const opened = new Set<number>()
  pool.on('open', ({ connectionId }) => opened.add(connectionId ?? 0))

  const load = new Load(pool, backend)
  await load.success()
  await pause(CALM_MS)
  const stood = new Set(opened)
  const begunAt = performance.now()
  const end = await fault.begin(backend)
  const cutAt = performance.now()
  await pause(lastsMs)
  await end()
  const servedAt = performance.now()
  const successAt = await orNever(load.success())
  await pause(CALM_MS)
  await load.stop()

  const ours = ledger.open
  const pools = pool.stats().open
  const serversCount = await backend.count(ours)
  await pool.close({ graceMs: GRACE_MS })
  const serversLeft = await backend.count(0)
  ledger.stop()
  stalls.stop()
  const left = {
    ours: ledger.open,
    servers: serversLeft ?? null,
    handles: await handlesBeyond(before),
  }

  const { acquires, crossed, unanswered } = load
  const failures = acquires.filter((each) => each.end !== 'served')
  const { dueAt, dialMs, failed } = dials.returned(begunAt, servedAt, successAt)
  const waitMs = Math.max(0, dueAt - servedAt) + dialMs + PATIENCE_MS
  const afterwards = failures.filter((each) => each.begunAt > successAt)
  return {
    version: backend.version,
    max: MAX,
    lastedMs: servedAt - begunAt,
    served: acquires.length - failures.length,
    failed: countBy(failures.map((each) => each.end)),
    failedAfterwards: afterwards.length,
    refusedAfterwards: afterwards.filter(({ end }) => end !== 'ERR_ACQUIRE_TIMEOUT').length,
    refusedWhileOpen: failures.filter((each) => each.settledAt < each.deadlineAt && each.open > 0)
      .length,
    deadLent: fault.cuts
      ? acquires.filter((each) => isOf(stood, each) && each.begunAt > cutAt).length
      : 0,
    unanswered,
    crossed,
    late: { ...latest(acquires, stalls), stallMs: stalls.longestMs },
    recovery: {
      tookMs: successAt - servedAt,
      running: dials.runningAt(begunAt, servedAt),
      allowedMs: waitMs + stalls.between(servedAt, successAt),
      failedDials: failed,
    },
    most: ledger.most,
    counts: { ours, pools, servers: serversCount ?? null },
    left,
    warnings,
  }
}

function latest(acquires: readonly Acquire[], stalls: LoopStalls) {
  let [ms, unstalledMs] = [0, 0]
  for (const { begunAt, deadlineAt, settledAt } of acquires) {
    const late = settledAt - deadlineAt
    if (late <= 0) continue
    ms = Math.max(ms, late)
    // A deadline counts from the end of the turn of the loop in which it was asked for.
    const stalled = stalls.after(begunAt) + stalls.between(deadlineAt, settledAt)
    unstalledMs = Math.max(unstalledMs, late - stalled)
  }
  return { ms, unstalledMs }
}

function isOf(ids: ReadonlySet<number>, { connectionId }: Acquire): boolean {
  return connectionId !== undefined && ids.has(connectionId)
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

/** Infinity, where it takes too long. */
async function orNever(time: Promise<number>): Promise<number> {
  let timer: NodeJS.Timeout | undefined
  const never = new Promise<number>((resolve) => {
    timer = setTimeout(() => resolve(Infinity), GIVE_UP_MS)
  })
  const first = await Promise.race([time, never])
  clearTimeout(timer)
  return first
}
