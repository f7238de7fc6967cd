import { Fault } from './fault.ts'

/** What the promise resolves to, or a Fault with that sentence when it takes longer than `ms`. */
export async function within<T>(ms: number, promise: Promise<T>, late: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Fault(late())), ms)
  })
  try {
    return await Promise.race([promise, overdue])
  } finally {
    clearTimeout(timer)
  }
}
