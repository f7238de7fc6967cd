import { RudeProcess } from '../../../src/testing/index.ts'

// A process that ends without closing its server, which is stopped when it is told to exit.

const server = await RudeProcess.start()
process.on('message', async () => {
  await server.stop()
  process.exit()
})
process.send?.(server.port)
