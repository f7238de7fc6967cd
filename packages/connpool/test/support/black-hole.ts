import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'

/** A port whose listener has a full backlog and never accepts: the system drops what dials it. */
export async function blackHole(t: TestContext): Promise<{ readonly port: number }> {
  const listen = `
    const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      process.stdout.write(String(server.address().port), () => process.kill(process.pid, 'SIGSTOP'))
    })`
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = Number(await once(child.stdout, 'data'))
  // Linux holds one more than the backlog says.
  const fillers = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  t.after(async () => {
    for (const filler of fillers) filler.destroy()
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  await Promise.all(fillers.map((filler) => once(filler, 'connect')))
  return { port }
}
