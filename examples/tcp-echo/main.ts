import { createTcpPool } from 'connpool'
import { startEchoServer } from './echo-server.ts'
import { readLine } from './read-line.ts'

const borrowers = 6
const lines = 4

const server = await startEchoServer()
const pool = createTcpPool({ host: '127.0.0.1', port: server.port, max: 3 })
console.log(`${borrowers} borrowers, ${lines} lines each, at most 3 connections`)

async function borrow(borrower: number): Promise<void> {
  const lent: number[] = []
  for (let line = 1; line <= lines; line += 1) {
    const sent = `line ${line} of borrower ${borrower}`
    // The socket is ours until the function returns; if it throws, the socket is destroyed, not lent again.
    const echoed = await pool.use(async (socket, lease) => {
      lent.push(lease.info.id)
      socket.write(`${sent}\n`)
      return await readLine(socket)
    })
    if (echoed !== sent) throw new Error(`sent '${sent}', but '${echoed}' came back`)
  }
  console.log(`borrower ${borrower} had connection ${lent.join(', then ')}`)
}

try {
  await Promise.all(Array.from({ length: borrowers }, (_, i) => borrow(i + 1)))
  const { opened, hits, waits } = pool.stats()
  console.log(`${borrowers * lines} lines came back`)
  console.log(`${opened} connections opened, ${server.accepted} seen by the server`)
  console.log(`${hits} times an open connection was used again, ${waits} times somebody waited`)
} finally {
  await pool.close()
  await server.close()
}
