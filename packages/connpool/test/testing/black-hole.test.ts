import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { BlackHole, RudeProcess } from '../../src/testing/index.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000
const onLinux = process.platform === 'linux' ? false : 'needs Linux'

test('what dials a black hole is neither accepted nor refused', {
  timeout,
  skip: onLinux,
}, async () => {
  const hole = await BlackHole.start()
  // Whoever did not stand still would have time to accept what fills the backlog.
  await using _another = await RudeProcess.start()
  const fates: string[] = []
  const dials = Array.from({ length: 8 }, () => connect(hole.port, hole.host))
  for (const socket of dials) {
    socket.on('connect', () => fates.push('accepted'))
    socket.on('error', (error) => fates.push(error.message))
  }
  // On the loopback an answer would be there at once.
  await turns(100)
  assert.deepEqual(fates, [])
  for (const socket of dials) socket.destroy()
  await hole.close()
})
