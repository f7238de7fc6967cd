import { setTimeout as pause } from 'node:timers/promises'
/** What holds a process, or would: by kind, as Node names it. */
export function openHandles(): readonly string[] {
  return process.getActiveResourcesInfo()
}

const SETTLE_MS = 100

/** What is open beyond that, once what closes has had a moment to be closed. */
export async function handlesBeyond(before: readonly string[]): Promise<string[]> {
  await pause(SETTLE_MS)
  const known = [...before]
  return openHandles().filter((kind) => {
    const at = known.indexOf(kind)
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}
