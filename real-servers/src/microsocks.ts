import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { requireProgram, skipWithout } from './missing.ts'
import { type Scope, ServerProcess } from './server-process.ts'

const COMMAND = 'microsocks'

/** A SOCKS5 proxy, and who may use it. */
export interface Microsocks {
  readonly server: ServerProcess
  readonly username: string
  readonly password: string
}

/** A SOCKS5 proxy that asks for a password, and dials from the address `from`. */
export const microsocks = {
  skip: skipWithout(COMMAND),
  async start(scope: Scope, { from }: { readonly from?: string } = {}): Promise<Microsocks> {
    const path = requireProgram(COMMAND)
    const username = 'connpool'
    // It prints nothing when it listens. But only this one knows this password.
    const password = randomBytes(16).toString('hex')
    const server = await ServerProcess.start(scope, {
      name: COMMAND,
      command: (port) => {
        const login = ['-u', username, '-P', password]
        const bind = from === undefined ? [] : ['-b', from]
        return [path, '-i', '127.0.0.1', '-p', String(port), ...login, ...bind]
      },
      ready: (port) => letsIn(port, username, password),
    })
    return { server, username, password }
  },
}

/** Whether a SOCKS5 proxy on that port takes the password (RFC 1928, RFC 1929). */
function letsIn(port: number, username: string, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer === '05020100'))
    socket.write(Buffer.from([5, 1, 2]))
    socket.on('data', (bytes) => {
      answer += bytes.toString('hex')
      if (answer === '0502') socket.write(loginOf(username, password))
      else socket.destroy()
    })
  })
}

function loginOf(...words: readonly [username: string, password: string]): string {
  return `\u0001${words.map((word) => String.fromCharCode(word.length) + word).join('')}`
}
