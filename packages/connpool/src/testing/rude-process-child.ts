/** What runs in the process of a RudeProcess: one server, told over the IPC channel what to do. */
import { writeFileSync } from 'node:fs'
import type { RudeBehaviour } from './rude-behaviour.ts'
import type { BehaviourName, RudeDeed, RudeMessage, RudeOrder, RudeReply } from './rude-orders.ts'
import { RudeServer } from './rude-server.ts'

let started: RudeServer | undefined

async function carryOut(order: RudeOrder): Promise<unknown> {
  if (order.verb === 'start') {
    const { behaviour = 'echo', beforeTls = 'secure', ...options } = order.options
    started = await RudeServer.start({
      ...options,
      behaviour: await find(behaviour),
      beforeTls: beforeTls === 'secure' ? beforeTls : await find(beforeTls),
    })
    return
  }
  if (started === undefined) throw new Error('the server was not started')
  const server = started
  switch (order.verb) {
    case 'behave':
      return server.behave(await find(order.behaviour))
    case 'beforeTls':
      return server.beforeTls(order.behaviour === 'secure' ? 'secure' : await find(order.behaviour))
    case 'holds':
      return server.holds(order.count)
    case 'refuse':
      return server.refuse()
    case 'listen':
      return server.listen()
    case 'do':
      await doToAll(server, order.deed)
      if (order.mark !== undefined) writeFileSync(order.mark, '')
      return
    case 'ping':
      return
  }
  order satisfies never
}

async function doToAll(server: RudeServer, deed: RudeDeed): Promise<void> {
  if (deed === 'end') return server.end()
  if (deed === 'reset') return server.reset()
  if ('write' in deed) return server.write(deed.write)
  server.tick(deed.tick)
}

async function find(name: BehaviourName): Promise<RudeBehaviour> {
  if (typeof name === 'string') return name
  const { behave } = await import(name.module)
  if (typeof behave !== 'function') throw new TypeError(`${name.module} exports no function behave`)
  return behave
}

async function answer(message: RudeMessage): Promise<RudeReply> {
  const { nth } = message
  try {
    await carryOut(message)
    return { nth, host: started?.host ?? '', port: started?.port ?? 0 }
  } catch (error) {
    const { message: why = String(error), code } = error as Partial<NodeJS.ErrnoException> // Or nonsense.
    return { nth, error: { message: why, code } }
  }
}

process.on('message', async (message: RudeMessage) => process.send?.(await answer(message)))

// The channel ends with the parent, however the parent ends: nobody may stay behind.
process.on('disconnect', () => process.exit())
if (!process.connected) process.exit()
