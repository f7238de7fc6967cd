import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Agent } from './agent.ts'
import { Gate } from './gate.ts'

// One end of the tunnel as a process of its own: `process.ts gate|agent` and its flags.

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: 'string', default: 'localhost' },
    control: { type: 'string', default: '7001' },
    tunnel: { type: 'string', default: '7002' },
    public: { type: 'string', default: '7003' },
    service: { type: 'string', default: '7004' },
    /** A folder with `cert.pem`, `key.pem` and `ca.pem`. */
    certificates: { type: 'string', default: '.' },
  },
})

const [role] = positionals
const read = (name: string): string => readFileSync(`${flags.certificates}/${name}.pem`, 'utf8')
const ends = {
  host: flags.host,
  controlPort: Number(flags.control),
  tunnelPort: Number(flags.tunnel),
  tls: { cert: read('cert'), key: read('key'), ca: read('ca') },
}

if (role === 'gate') {
  const gate = new Gate({ ...ends, publicPort: Number(flags.public) })
  await gate.listen()
  console.log('the gate is open')
} else if (role === 'agent') {
  const agent = new Agent({ ...ends, servicePort: Number(flags.service) })
  await agent.stock.ready({ timeoutMs: Infinity })
  console.log('the stock stands')
} else throw new Error('the first word must be gate or agent')
