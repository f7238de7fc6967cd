// Are the published packages what npm and TypeScript users expect? publint looks at the manifest, attw at the types.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** @param {string} command @param {string[]} args */
function run(command, ...args) {
  const { status } = spawnSync('npx', ['--no-install', command, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) process.exit(1)
}

run('tsc', '-b', 'tsconfig.build.json')
run('publint', 'run', '--strict', 'packages/connpool')
run('publint', 'run', '--strict', 'packages/cli')
run('attw', '--pack', 'packages/connpool', '--profile', 'esm-only')
