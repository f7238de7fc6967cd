import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireProgram, skipWithout } from './missing.ts'
import { type Scope, ServerProcess } from './server-process.ts'

const COMMAND = 'tinyproxy'

/** How an HTTP proxy is set up. */
export interface TinyproxyOptions {
  /** Who may use it. Default: everybody. */
  readonly user?: { readonly name: string; readonly password: string }
  /** The address that it dials from. Default: the system's choice. */
  readonly from?: string
}

/** An HTTP proxy. */
export const tinyproxy = {
  skip: skipWithout(COMMAND),
  async start(scope: Scope, { user, from }: TinyproxyOptions = {}): Promise<ServerProcess> {
    const path = requireProgram(COMMAND)
    return await ServerProcess.start(scope, {
      name: COMMAND,
      command: (port, folder) => {
        const file = join(folder, 'tinyproxy.conf')
        const lines = ['Listen 127.0.0.1', `Port ${port}`, 'LogLevel Info', 'Timeout 600']
        if (user !== undefined) lines.push(`BasicAuth ${user.name} ${user.password}`)
        if (from !== undefined) lines.push(`Bind ${from}`)
        writeFileSync(file, `${lines.join('\n')}\n`)
        return [path, '-d', '-c', file]
      },
      ready: /Accepting connections/,
    })
  },
}
