/** What a process of a trial does for the others, and what it can tell of it. */
export interface Service {
  /** Where it listens on loopback; 0 when it does not. */
  readonly port: number
  /** From here on it is measured. */
  begin(): void
  figures(): unknown | Promise<unknown>
}

/** What the process that started it asks of a service. */
export type Order = 'begin' | 'figures'

/** What a service says: where it listens once it does, then an answer to each 'figures'. */
export type Word = { readonly port: number } | { readonly figures: unknown }

/** Offers a service to the process that started this one, and ends when that one goes, in whatever way. */
export async function offer(starting: Promise<Service>): Promise<void> {
  if (process.send === undefined) {
    process.stderr.write('This is a part of `npm run bench:wire` and does not run alone.\n')
    process.exit(2)
  }
  // Ctrl-C reaches the whole process group; whoever started this one decides.
  process.on('SIGINT', () => {})
  process.on('disconnect', () => process.exit(0))
  const service = await starting
  const say = (word: Word): void => void process.send?.(word)
  const tell = async (): Promise<void> => say({ figures: await service.figures() })
  process.on('message', (order: Order) => {
    if (order === 'begin') service.begin()
    else void tell()
  })
  say({ port: service.port })
}
