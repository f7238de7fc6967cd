import type { Connection } from '../connection.ts'

/**
 * For pools that say nothing of connections that fail while idle: the least that their user has to do, or an `'error'` event
 * ends the process. That the connection is destroyed is seen when it is validated before its next lease.
 */
export function heedErrors<C extends Connection>(connection: C): C {
  connection.on('error', () => {})
  return connection
}
