import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/**
 * A way to `port` on which every byte takes `delayMs` in either direction. Opening a connection costs nothing
 * on it: a real line would add a round trip to each dial.
 */
export async function delayLine(t: TestContext, port: number, delayMs: number): Promise<number> {
  const sockets = new Set<Socket>()
  const relay = (from: Socket, to: Socket) => {
    sockets.add(from)
    from.on('error', () => {})
    from.on('data', (bytes) => setTimeout(() => to.write(bytes), delayMs).unref())
    from.on('close', () => setTimeout(() => to.destroy(), delayMs).unref())
  }
  const line = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', noDelay: true })
    relay(near, far)
    relay(far, near)
  })
  t.after(() => {
    line.close()
    for (const socket of sockets) socket.destroy()
  })
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve))
  return (line.address() as { port: number }).port
}
