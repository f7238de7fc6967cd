import { fullBudget, quickBudget } from './budget.ts'
import { findWork } from './programme.ts'
import { findEntrant } from './roster.ts'
import { runTrial } from './trial.ts'

/** The process of one trial: `trial-child.js CONTESTANT WORK time|weigh full|quick`. Prints the figure and nothing else. */
const [contestant = '', work = '', instrument, budget] = process.argv.slice(2)
const figure = await runTrial(
  findEntrant(contestant),
  findWork(work),
  instrument === 'weigh' ? 'weigh' : 'time',
  budget === 'quick' ? quickBudget : fullBudget,
)
process.stdout.write(`${figure}\n`, () => process.exit(0))
