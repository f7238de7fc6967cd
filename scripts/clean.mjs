// Removes what was built. `tsc -b --clean` would leave behind the output of a source that is gone.
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const workspaces = [
  'packages/connpool',
  'packages/cli',
  'bench',
  'conformance',
  'examples',
  'compat',
  'real-servers',
]
for (const folder of [...workspaces, '.']) {
  rmSync(fileURLToPath(new URL(`../${folder}/dist`, import.meta.url)), {
    recursive: true,
    force: true,
  })
}
