import { AsyncLocalStorage } from 'node:async_hooks'
import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { served } from '../patience.ts'
import type { Row } from '../row.ts'
import { useOnce } from '../scene.ts'

export const asyncContext: Row = {
  name: 'async-context',
  title: 'create() does not run in the async context of the request that caused it',
  async play(scene) {
    const requests = new AsyncLocalStorage<string>()
    let seen: string | undefined
    const backend = new Backend({
      dial: () => {
        seen = requests.getStore()
      },
    })
    const pool = await scene.open(backend)
    await requests.run('first', () => served(useOnce(pool)))
    if (seen !== undefined) throw new Fault('runs in it')
    return ''
  },
}
