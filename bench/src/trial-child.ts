import { budgets, isBudgetName } from './budget.ts'
import { findWork } from './programme.ts'
import { findEntrant } from './roster.ts'
import { runTrial } from './trial.ts'

/** The process of one trial: `trial-child.js CONTESTANT WORK time|cpu|weigh BUDGET`. Prints the figure and nothing else. */
const [contestant = '', work = '', instrument, budget = ''] = process.argv.slice(2)
if (!isBudgetName(budget)) throw new RangeError(`no budget is called '${budget}'`)
const figure = await runTrial(
  findEntrant(contestant),
  findWork(work),
  instrument === 'weigh' || instrument === 'cpu' ? instrument : 'time',
  budgets[budget],
)
process.stdout.write(`${figure}\n`, () => process.exit(0))
