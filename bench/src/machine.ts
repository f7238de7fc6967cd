import { arch, cpus, platform } from 'node:os'

/** Where figures were taken. */
export interface Machine {
  readonly node: string
  readonly v8: string
  readonly os: string
  readonly cpu: string
  readonly cores: number
}

export function thisMachine(): Machine {
  const cores = cpus()
  return {
    node: process.version,
    v8: process.versions.v8,
    os: `${platform()} ${arch()}`,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
  }
}

/** The machine in one line, for the head of a table. */
export function inWords({ node, os, cores, cpu }: Machine): string {
  return `Node ${node}, ${os}, ${cores} x ${cpu}`
}
