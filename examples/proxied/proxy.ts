import type { FailureClass, FailureContext } from 'connpool'

/** A proxy, and who may use it. */
export interface ProxyServer {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
}

/** A proxy said no. */
export class ProxyRefusal extends Error {
  /** The fault is in our options: another try changes nothing. */
  readonly lasting: boolean

  constructor(message: string, lasting: boolean) {
    super(message)
    this.lasting = lasting
  }
}

/** For `classify`: whoever is not let in by the proxy has a wrong password, and the backend is not to blame. */
export function classify(error: unknown, _context: FailureContext): FailureClass | undefined {
  return error instanceof ProxyRefusal && error.lasting ? 'config' : undefined
}

/** `host:port`, an IPv6 address in brackets. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
