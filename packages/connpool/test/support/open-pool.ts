import type { TestContext } from 'node:test'
import { createTcpPool, type TcpPool, type TcpPoolOptions } from '../../src/index.ts'

/** What a test opens a pool with: a path, or a port of the loopback. */
export type OpenOptions = { port: number; host?: string } & Partial<TcpPoolOptions>

/** A pool on the loopback, without chance, closed when the test is over whatever it still holds. */
export function openPool(t: TestContext, options: OpenOptions): TcpPool {
  const pool = createTcpPool({ host: '127.0.0.1', random: () => 0, ...options })
  t.after(() => pool.close({ graceMs: 0 }).catch(() => {}))
  return pool
}
