import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const timeout = 60_000

for (const command of ['main.ts', 'known-faults.ts']) {
  const path = fileURLToPath(new URL(command, import.meta.url))
  const run = (...words: readonly string[]) => {
    const node = ['--import', import.meta.resolve('tsx'), path, ...words]
    const { status, stdout, stderr } = spawnSync(process.execPath, node, { encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  describe(command, () => {
    test('fails where its words choose no fault', { timeout }, () => {
      const stderr = 'no fault is called nonsense, neither\n'
      assert.deepEqual(run('nonsense', 'neither'), { status: 1, stdout: '', stderr })
    })

    test('names a flag that cannot be', { timeout }, () => {
      for (const jobs of ['0', 'all', '']) {
        const stderr = `--jobs is ${JSON.stringify(jobs)}; it must be a whole number from 1 to 64\n`
        assert.deepEqual(run(`--jobs=${jobs}`), { status: 2, stdout: '', stderr })
      }
      assert.equal(run('--nonsense').status, 2)
    })
  })
}
