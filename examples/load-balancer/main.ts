import { Backend } from './backend.ts'
import { Balancer } from './balancer.ts'
import { WebServer } from './web-server.ts'

const requests = 120
const clients = 12

const servers = await Promise.all(['ann', 'bob', 'cid'].map((name) => WebServer.start(name)))
const backends = servers.map(({ name, port }) => new Backend(name, port))
const balancer = await Balancer.start(backends)

/** Sends the requests, does something in the middle of them, and prints who answered how many. */
async function round(title: string, midway = () => {}): Promise<void> {
  const answers: Record<string, number> = {}
  let sent = 0
  const client = async () => {
    while (sent++ < requests) {
      if (sent === requests / 2) midway()
      const answer = await fetch(`http://127.0.0.1:${balancer.port}/`)
      const who = answer.ok ? await answer.text() : `status ${answer.status}`
      answers[who] = (answers[who] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const shares = Object.entries(answers)
    .sort()
    .map(([who, count]) => `${who} ${count}`)
  console.log(`${title}: ${shares.join(', ')}`)
}

const [, bob] = backends
const [, bobsServer] = servers

await round('all are up')

let killed: Promise<void> | undefined
await round('bob is killed midway', () => {
  killed = bobsServer?.kill()
})
await killed
await round('without bob')

await bobsServer?.start()
// Nobody has to ask bob for that: his pool owes itself a connection, and tries.
if (bob?.up === false) await new Promise((resolve) => bob.pool.once('available', resolve))
await round('bob is back')

for (const { name, answered, broken, pool } of backends) {
  const { opened, hits } = pool.stats()
  console.log(
    `${name} answered ${answered} over ${opened} connections, broke off ${broken}; ${hits} reused`,
  )
}
await balancer.close()
await Promise.all(servers.map((server) => server.kill()))
