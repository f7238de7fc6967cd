import { execFileSync, spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { netNamespace } from '@connpool/real-servers'
import { Tunnel } from '../../reverse-tunnel/tunnel.ts'

// Machine B, in a network namespace of its own; machine A is another, at the other end of a cable between them.
// The service listens on A's loopback, so what B dials there by A's address is refused.

const GATE = '10.9.0.1'
const AGENT = '10.9.0.2'
const SERVICE_PORT = 7_004

const ip = (...words: readonly string[]) => execFileSync('ip', words)
netNamespace.begin()
const machine = spawn('unshare', ['--net', 'sleep', '60'], { stdio: 'ignore' })
const { pid = 0 } = machine
while (readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net')) await turn()
const onA = ['nsenter', '--target', String(pid), '--net']
const ipOnA = (...words: readonly string[]) =>
  execFileSync('nsenter', [...onA.slice(1), 'ip', ...words])

ip('link', 'add', 'to-a', 'type', 'veth', 'peer', 'name', 'to-b', 'netns', String(pid))
ip('addr', 'add', `${GATE}/30`, 'dev', 'to-a')
ip('link', 'set', 'to-a', 'up')
ipOnA('addr', 'add', `${AGENT}/30`, 'dev', 'to-b')
ipOnA('link', 'set', 'to-b', 'up')
ipOnA('link', 'set', 'lo', 'up')

const program = `require('node:http')
  .createServer((request, response) => response.end('hello from behind'))
  .listen(${SERVICE_PORT}, '127.0.0.1', () => console.log('listens'))`
const service = spawn('nsenter', [...onA.slice(1), process.execPath, '-e', program], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
await new Promise((resolve) => service.stdout.once('data', resolve))

const tunnel = await Tunnel.open({ servicePort: SERVICE_PORT, host: GATE, agentBy: onA })
const answer = (url: string) =>
  fetch(url).then(
    (response) => response.text(),
    (error) => String(error.cause.code),
  )
const direct = await answer(`http://${AGENT}:${SERVICE_PORT}/`)
const throughTheGate = await answer(`http://${GATE}:${tunnel.publicPort}/`)
console.log(JSON.stringify({ direct, throughTheGate }))
await tunnel.close()
service.kill()
machine.kill()
process.exit()
