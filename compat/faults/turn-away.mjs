/**
 * What a server that is full does with whoever comes: says so, and hangs up.
 * @param {import('connpool/testing').RudeConnection} connection
 */
export function behave(connection) {
  connection.ignore()
  return connection.end('too many clients\n')
}
