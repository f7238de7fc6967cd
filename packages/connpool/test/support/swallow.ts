import { execFileSync } from 'node:child_process'

/**
 * Lets every packet from and to a port vanish: new dials and established connections get no answer and
 * no refusal. Only inside a network namespace of one's own. Answers what ends it.
 */
export function swallow(port: number): () => void {
  const rules = `table inet hole {
    chain incoming {
      type filter hook input priority 0
      tcp dport ${port} drop
      tcp sport ${port} drop
    }
  }`
  nft(rules)
  return () => nft('delete table inet hole')
}

function nft(commands: string): void {
  execFileSync('nft', ['-f', '-'], { input: commands })
}
