import { connectionsPoint } from './connections-point.ts'
import { poolsPoint } from './pools-point.ts'
import { efforts } from './sample.ts'
import { contestantPoint, signalPoint } from './waiters-point.ts'

/** The process of one point: `point-child.js KIND CONTESTANT SIZE full|quick`. Prints its figures as JSON, and nothing else. */
const [kind = '', contestant = '', count, pace] = process.argv.slice(2)
const figures = await measure(Number(count))
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0))

async function measure(size: number): Promise<Record<string, number>> {
  const effort = efforts[pace === 'quick' ? 'quick' : 'full']
  if (kind === 'waiters') return await contestantPoint(contestant, size, effort)
  if (kind === 'signals') return await signalPoint(contestant, size, effort)
  if (kind === 'connections') return await connectionsPoint(size, effort)
  if (kind === 'pools') return await poolsPoint(size, effort)
  throw new RangeError(`no point is of the kind '${kind}'`)
}
