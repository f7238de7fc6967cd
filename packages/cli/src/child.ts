/** What runs in each child process: one role, told on the command line, led over the IPC channel. */
import type { Actor, Message, Order, Role, Roles } from './stage.ts'

type Figures = Roles[Role]['figures']

function say(message: Message, then: () => void = () => {}): void {
  process.send?.(message, then)
}

function fail(error: unknown): void {
  const why = error instanceof Error ? error.message : String(error)
  say({ say: 'failed', why }, () => process.exit(1))
}

async function start(role: Role, config: string): Promise<Actor<Figures>> {
  switch (role) {
    case 'api':
      return (await import('./api-server.ts')).startApi(JSON.parse(config))
    case 'gateway':
      return (await import('./gateway.ts')).startGateway(JSON.parse(config))
    case 'load':
      return (await import('./load.ts')).startLoad(JSON.parse(config))
  }
  return role satisfies never
}

async function play(role: Role, config: string): Promise<void> {
  const actor = await start(role, config)
  process.on('message', (order: Order) => {
    if (order === 'begin') actor.begin()
    else say({ say: 'figures', figures: actor.end() })
  })
  say({ say: 'ready', port: actor.port })
}

if (process.send === undefined) {
  process.stderr.write('This is a part of `connpool demo` and does not run alone.\n')
  process.exit(2)
}

// The channel ends with the parent, however the parent ends: nobody may stay behind.
process.on('disconnect', () => process.exit(0))
if (!process.connected) process.exit(0)
// Ctrl-C reaches the whole process group; the parent decides.
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})
process.on('uncaughtException', fail)

const [, , role, config] = process.argv
// Written by the parent, which knows no other roles.
play(role as Role, config ?? '{}').catch(fail)
