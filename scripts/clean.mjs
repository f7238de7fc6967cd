// Removes what was built. `tsc -b --clean` would leave behind the output of a source that is gone.
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

for (const folder of ['packages/connpool', 'packages/cli', 'bench', 'examples', 'compat', '.']) {
  rmSync(fileURLToPath(new URL(`../${folder}/dist`, import.meta.url)), {
    recursive: true,
    force: true,
  })
}
