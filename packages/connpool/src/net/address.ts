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

/** An address in one word: `host:port`, or the path. */
export function showAddress(address: TcpAddress | PathAddress): string {
  if ('path' in address) return address.path
  const { host = 'localhost', port } = address
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
