import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { Fault } from './fault.ts'
import { outcome, patienceMs, served } from './patience.ts'

// Plain JavaScript, so that it needs no loader. It answers `ping` with `pong`, and `later` with `late` after 50 ms.
const program = `
  const { createServer } = require('node:net')
  const { parentPort, workerData: hungUp } = require('node:worker_threads')
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      if (String(bytes) === 'ping') socket.write('pong')
      else setTimeout(() => socket.write('late', () => parentPort.postMessage('sent')), 50)
    })
  })
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
  parentPort.on('message', async () => {
    await Promise.all([...sockets].map((socket) => new Promise((closed) => socket.on('close', closed).destroy())))
    Atomics.store(hungUp, 0, 1)
    Atomics.notify(hungUp, 0)
  })`

/** A server with an event loop of its own, that goes on while this thread is blocked. It does not hold the process. */
export class Peer {
  readonly port: number
  readonly #worker: Worker
  readonly #hungUp: Int32Array

  static async start(): Promise<Peer> {
    const hungUp = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(program, { eval: true, workerData: hungUp })
    const [port] = await once(worker, 'message')
    worker.unref()
    return new Peer(port, worker, hungUp)
  }

  private constructor(port: number, worker: Worker, hungUp: Int32Array) {
    this.port = port
    this.#worker = worker
    this.#hungUp = hungUp
  }

  async dial(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.port })
    await once(socket, 'connect')
    return socket
  }

  /** Has all its connections closed, and blocks this thread until they are. */
  hangUp(): void {
    Atomics.store(this.#hungUp, 0, 0)
    this.#worker.postMessage('hang up')
    if (Atomics.wait(this.#hungUp, 0, 0, patienceMs) === 'timed-out') {
      throw new Error('the peer did not hang up')
    }
  }

  /** Resolves when a late answer is on its way. */
  async answeredLate(): Promise<void> {
    await served(once(this.#worker, 'message'))
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** Asks the peer a question, and answers what it says first. A Fault when the socket is dead. */
export async function ask(socket: Socket, question = 'ping'): Promise<string> {
  const gone = new AbortController()
  const end = (): void => gone.abort()
  socket.once('close', end)
  try {
    if (socket.destroyed) end()
    socket.write(question)
    socket.resume()
    const answer = await outcome(once(socket, 'data', { signal: gone.signal }))
    if (answer.is !== 'served') throw new Fault('lends a dead one')
    return String(answer.value[0])
  } finally {
    socket.off('close', end)
    socket.pause()
  }
}
