import { runEchoTrial } from './echo-trial.ts'
import { type LenderName, openLender } from './lender.ts'

/**
 * The process of one lender's borrowers: `echo-child.js LENDER PORT BORROWERS CONNECTIONS WARM-UP-MS MEASURE-MS`. Prints the
 * figures as JSON, and nothing else.
 */
const [name, ...numbers] = process.argv.slice(2)
const [port = 0, borrowers = 1, max = 1, warmUpMs = 0, measureMs = 0] = numbers.map(Number)
// Written by the process that started this one, which knows no other lenders.
const lender = await openLender(name as LenderName, { port, max })
const figures = await runEchoTrial(lender, { borrowers, warmUpMs, measureMs })
await lender.close()
process.stdout.write(`${JSON.stringify(figures)}\n`)
