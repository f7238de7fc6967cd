import { isIP } from 'node:net'

/** Where a TCP pool connects to. */
export interface TcpAddress {
  /** Host name or IP address. Default `localhost`. */
  readonly host?: string | undefined
  /** Port, 1 to 65535. */
  readonly port: number
}

/** Where a pool of Unix domain sockets or Windows pipes connects to. */
export interface PathAddress {
  /** Path of the socket. */
  readonly path: string
}

export const DEFAULT_HOST = 'localhost'

/** An address in one word: `host:port`, or the path. */
export function showAddress(address: TcpAddress | PathAddress): string {
  if ('path' in address) return address.path
  const { host = DEFAULT_HOST, port } = address
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}
