import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import {
  type ClientPool,
  type ClientPoolOptions,
  createClientPool,
  createServerPool,
  type ServerPool,
  type ServerPoolOptions,
} from '../../../src/server/index.ts'

/** A server pool that listens on the loopback, closed when the test is over whatever it still holds. */
export async function openServer(
  t: TestContext,
  options: ServerPoolOptions = {},
): Promise<{ readonly pool: ServerPool; readonly port: number }> {
  const where = options.listener || options.path ? {} : { host: '127.0.0.1', port: 0 }
  const pool = createServerPool({ name: 'server', ...where, ...options })
  t.after(() => pool.close({ graceMs: 0 }).catch(() => {}))
  await pool.ready()
  const address = pool.address()
  return { pool, port: typeof address === 'string' ? 0 : (address as AddressInfo).port }
}

/** A client pool on the loopback, without chance, closed likewise. */
export function openClient(
  t: TestContext,
  options: { readonly port: number } & Partial<ClientPoolOptions>,
): ClientPool {
  const pool = createClientPool({
    host: '127.0.0.1',
    random: () => 0,
    ...options,
  } as ClientPoolOptions)
  t.after(() => pool.close({ graceMs: 0 }).catch(() => {}))
  return pool
}

/** Resolves once `isSo` answers true; looks at each turn of the loop. The test's timeout is its bound. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
