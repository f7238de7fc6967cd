import type { Row } from './row.ts'
import { afterClose } from './rows/after-close.ts'
import { asyncContext } from './rows/async-context.ts'
import { briefOutage } from './rows/brief-outage.ts'
import { closingCounted } from './rows/closing-counted.ts'
import { deadSocket, deadSocketUnseen } from './rows/dead-socket.ts'
import { dialStorm } from './rows/dial-storm.ts'
import { failedDial } from './rows/failed-dial.ts'
import { failedProbe } from './rows/failed-probe.ts'
import { givenUp } from './rows/given-up.ts'
import { hangingClose } from './rows/hanging-close.ts'
import { hangingDial } from './rows/hanging-dial.ts'
import { hangingProbe } from './rows/hanging-probe.ts'
import { idleError, idleErrorUnheard } from './rows/idle-error.ts'
import { idleProcess } from './rows/idle-process.ts'
import { idleSockets } from './rows/idle-sockets.ts'
import { keptLease } from './rows/kept-lease.ts'
import { lateBytes } from './rows/late-bytes.ts'
import { lentError } from './rows/lent-error.ts'
import { massExpiry } from './rows/mass-expiry.ts'
import { minRestored } from './rows/min-restored.ts'
import { queueRoom } from './rows/queue-room.ts'
import { releaseInCallback } from './rows/release-in-callback.ts'
import { releasedTwice } from './rows/released-twice.ts'
import { resetFirst } from './rows/reset-first.ts'
import { slowDial } from './rows/slow-dial.ts'
import { waiterAtClose } from './rows/waiter-at-close.ts'

/** All rows, in the order of the table: dialling, lending, giving back, living on, ending. */
export const programme: readonly Row[] = [
  failedDial,
  briefOutage,
  hangingDial,
  slowDial,
  dialStorm,
  asyncContext,
  failedProbe,
  hangingProbe,
  deadSocket,
  deadSocketUnseen,
  lateBytes,
  idleError,
  idleErrorUnheard,
  lentError,
  minRestored,
  releasedTwice,
  releaseInCallback,
  resetFirst,
  givenUp,
  queueRoom,
  massExpiry,
  hangingClose,
  closingCounted,
  waiterAtClose,
  keptLease,
  afterClose,
  idleProcess,
  idleSockets,
]

/** The row of that name. Throws a sentence that lists them for an unknown one. */
export function findRow(name: string): Row {
  const found = programme.find((row) => row.name === name)
  if (found !== undefined) return found
  const names = programme.map((row) => row.name).join(', ')
  throw new RangeError(`no row is called '${name}'; there are ${names}`)
}
