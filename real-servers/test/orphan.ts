import { ServerProcess } from '../src/server-process.ts'

// Starts a server, says where, and stays until it is killed.

const server = await ServerProcess.start(
  { after: () => {} },
  {
    name: 'orphan',
    command: (port) => [
      process.execPath,
      '-e',
      `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('listening'))`,
    ],
    ready: /listening/,
  },
)
console.log(server.port)
