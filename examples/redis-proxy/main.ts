import { parseArgs } from 'node:util'
import { createRedisPool } from './redis-pool.ts'
import { RedisProxy } from './redis-proxy.ts'

const { values: flags } = parseArgs({
  options: {
    redis: { type: 'string', default: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' },
    port: { type: 'string', default: '6380' },
    max: { type: 'string', default: '10' },
  },
})
const { hostname, port, username, password } = new URL(flags.redis)

const pool = createRedisPool(
  {
    host: hostname,
    port: Number(port || 6379),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  },
  { max: Number(flags.max) },
)
const proxy = await RedisProxy.start(pool, Number(flags.port))
console.log(
  `listening on 127.0.0.1:${proxy.port}, for up to ${flags.max} sessions with ${pool.name}`,
)

pool.on('unavailable', ({ error }) => console.log(String(error)))
pool.on('available', () => console.log('Redis is back'))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await proxy.close()
    const { acquires, opened, hits } = pool.stats()
    console.log(
      `${acquires} sessions over ${opened} connections; ${hits} began on one that was used before`,
    )
  })
}
