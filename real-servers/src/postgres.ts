import { chownSync } from 'node:fs'
import { join } from 'node:path'
import { requireProgram, skipWithout } from './missing.ts'
import { notAsRoot } from './owner.ts'
import { type Scope, ServerProcess } from './server-process.ts'

/** It is in a folder of its own on Debian, where neither is on PATH. */
const PROGRAMS = ['postgres', 'initdb'] as const

/** Makes the database, the first time; then is the server. */
const SCRIPT = `
  folder=$1 initdb=$2; shift 2
  [ -e "$folder/PG_VERSION" ] || "$initdb" -D "$folder" -U postgres -A trust -E UTF8 --no-locale --no-sync > /dev/null || exit
  exec "$@" -D "$folder"`

/** Settings of a PostgreSQL, by their names in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string | number>>

/**
 * A PostgreSQL of one's own, which keeps nothing longer than its process: user and database `postgres`, no password. Whoever
 * is root runs it as somebody else, for it refuses root. `quit('SIGINT')` is its fast shutdown; its default waits for clients.
 */
export const postgres = {
  skip: skipWithout(PROGRAMS[0]) || skipWithout(PROGRAMS[1]),
  async start(scope: Scope, settings: PostgresSettings = {}): Promise<ServerProcess> {
    const [path, initdb] = PROGRAMS.map(requireProgram)
    const { owner, prefix } = notAsRoot('postgres')
    const unsafe = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }
    const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...unsafe }
    return await ServerProcess.start(scope, {
      name: 'postgres',
      ...(owner !== undefined && { owner }),
      command: (port, folder) => {
        if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
        const words = Object.entries({ ...all, ...settings, port }).flatMap(([name, value]) => [
          '-c',
          `${name}=${value}`,
        ])
        const sh = ['/bin/sh', '-c', SCRIPT, 'sh', join(folder, 'data'), initdb ?? '']
        return [...prefix, ...sh, path ?? '', ...words]
      },
      ready: /database system is ready to accept connections/,
    })
  },
}
