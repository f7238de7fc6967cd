// A process that tries code. It answers, and asks for more once nothing of the last is left in its loop.
import fc from 'fast-check'
import { Modules } from './modules.ts'
import { type Finding, type Scope, Trial } from './trial.ts'

/** What is to be tried on what. */
export interface Task {
  readonly scope: Scope
  readonly code: Readonly<Record<string, string>>
}

export type News =
  | { readonly about: 'begun'; readonly group: string }
  | { readonly about: 'done'; readonly finding: Finding | null }
  | { readonly about: 'idle' }

// What is found must not hang on chance.
fc.configureGlobal({ seed: 1 })
// Fewer simulations than the tests run: they are the last to be asked, by whatever is not found.
process.env.RUNS = '150'

const [root = ''] = process.argv.slice(2)
const trial = new Trial(new Modules(root))

process.on('message', ({ scope, code }: Task) => {
  // The channel must not hide that nothing else is left.
  process.channel?.unref()
  void work(scope, code)
})

process.on('disconnect', () => process.exit())

async function work(scope: Scope, code: Task['code']): Promise<void> {
  const finding = await trial.run(scope, code, (group) => tell({ about: 'begun', group }))
  tell({ about: 'done', finding })
  setImmediate(() => process.once('beforeExit', rest))
}

function rest(): void {
  process.channel?.ref()
  tell({ about: 'idle' })
}

function tell(news: News): void {
  process.send?.(news)
}
