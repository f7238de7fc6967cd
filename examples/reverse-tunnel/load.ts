import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const program = fileURLToPath(import.meta.resolve('autocannon'))

/** Requests from 20 clients for so many seconds, by autocannon in a process of its own; a line of what came of them. */
export async function load(name: string, port: number, seconds = 5): Promise<string> {
  const url = `http://127.0.0.1:${port}`
  const flags = ['--json', '--no-progress', '-c', '20', '-d', String(seconds), url]
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...flags])
  const { requests, latency, non2xx, errors, ...counts } = JSON.parse(stdout)
  return (
    `${name.padEnd(20)} ${requests.average.toFixed(0)} requests/s, p99 ${latency.p99} ms, ` +
    `${counts['2xx']} answered, ${non2xx + errors} failed`
  )
}
