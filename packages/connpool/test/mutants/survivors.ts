/** Faults that nothing finds, and why nothing can, or need. */
export interface Survivor {
  /** `core/policy` */
  readonly file: string
  /** The member or function; all of them when it is not given. */
  readonly where?: string
  /** What was there, its white space as single spaces. */
  readonly from: string | RegExp
  /** What is there instead; whatever it is when it is not given. */
  readonly to?: string
  /** Which of those that look the same, from 1; all when it is not given. */
  readonly nth?: number
  readonly why: string
}

const FOR_THE_COMPILER = 'the check is for the compiler: what follows it says the same'

export const argued: readonly Survivor[] = [
  // ── core ──────────────────────────────────────────────────────────────────────────────────────
  {
    file: 'core/agenda',
    where: 'overdue',
    from: 'list.first !== null && at() <= now',
    to: 'at() <= now',
    why: FOR_THE_COMPILER,
  },
  {
    file: 'core/agenda',
    where: 'deadline',
    from: 'deadlines.first !== null && deadlines.at <= now',
    to: 'deadlines.at <= now',
    why: FOR_THE_COMPILER,
  },
  {
    file: 'core/backoff',
    where: 'fail',
    from: 'this.step++',
    to: 'this.step--',
    why: 'a step has to differ from those before it, and is compared for nothing else',
  },
  {
    file: 'core/deadlines',
    where: '#leaveHeap',
    from: 'last === undefined || index === this.#heap.length',
    to: 'index === this.#heap.length',
    why: FOR_THE_COMPILER,
  },
  {
    file: 'core/deadlines',
    where: '#rise',
    from: 'index > 0',
    to: 'index >= 0',
    why: 'above the top there is no parent, which ends the loop as well',
  },
  {
    file: 'core/deadlines',
    where: '#rise',
    from: 'parent === undefined || !precedes(member, parent)',
    to: '!precedes(member, parent)',
    why: FOR_THE_COMPILER,
  },
  {
    file: 'core/deadlines',
    where: 'precedes',
    from: 'one.seq < other.seq',
    to: 'one.seq <= other.seq',
    why: 'waiters have numbers of their own, and of connections that are due together any may be first',
  },
  {
    file: 'core/machine',
    where: 'returned',
    from: "if (isLoaded && slot.state === 'lent') return;",
    to: ';',
    why: 'a short cut: a pump would find nothing to do',
  },
  {
    file: 'core/machine',
    where: 'returned',
    from: 'return;',
    to: ';',
    nth: 2,
    why: 'the same short cut',
  },
  {
    file: 'core/machine',
    where: 'expire',
    from: /return;$/,
    to: ';',
    why: 'in a closing pool every connection has a fate already, and one that has keeps it',
  },
  {
    file: 'core/machine',
    where: 'close',
    from: /^(if \(this\.policy\.phase === 'closed'\) )?return;$/,
    to: ';',
    why: 'in a closed pool nothing is left to be closed, and no grace to end',
  },
  {
    file: 'core/machine',
    where: '#settleIn',
    from: 'this.#limits.probes && this.#limits.probeAfterIdleMs === 0',
    why: 'where no probe is due, whoever is next gets it from the shelf in the same event',
  },
  {
    file: 'core/moves',
    where: 'ensureFit',
    from: 'return false;',
    to: ';',
    why: 'whoever asks takes undefined for false',
  },
  {
    file: 'core/moves',
    where: 'departed',
    from: "slot.fate ?? 'destroyed'",
    to: 'slot.fate',
    why: 'whatever is closing has a fate',
  },
  {
    file: 'core/moves',
    where: 'turnAwayAll',
    from: 'left > 0',
    to: 'left >= 0',
    why: 'only a close turns all away, and a closing pool lets nobody join them',
  },
  {
    file: 'core/policy',
    where: '#found',
    from: "return this.room <= 0 && candidate === null ? 'loaded' : 'unsure';",
    to: ';',
    why: 'nothing is then known to be loaded: the short cuts for that are not taken',
  },
  {
    file: 'core/policy',
    where: '#found',
    from: 'this.room <= 0',
    to: 'this.room < 0',
    why: 'less is then known to be loaded: a short cut is not taken',
  },
  {
    file: 'core/policy',
    where: '#serve',
    from: 'slot === null || waiter === null',
    to: 'waiter === null',
    why: FOR_THE_COMPILER,
  },
  {
    file: 'core/policy',
    where: '#retire',
    from: /break;$/,
    to: ';',
    nth: 1,
    why: FOR_THE_COMPILER,
  },
  {
    file: 'core/queue',
    where: 'next',
    from: /return null;$/,
    to: ';',
    why: 'a short cut: where nobody waits there is no favourite either',
  },
  {
    file: 'core/queue',
    where: '#favoured',
    from: 'return null;',
    to: ';',
    why: 'it is never reached: somebody waits',
  },
  {
    file: 'core/queue',
    where: 'next',
    from: 'favoured !== oldest && this.#passes >= PASSES',
    to: 'this.#passes >= PASSES',
    why: 'where the favoured one is the oldest, it is the same either way',
  },
  {
    file: 'core/queue',
    where: 'oldest',
    from: 'first.seq < oldest.seq',
    to: 'first.seq <= oldest.seq',
    why: 'no two have the same number',
  },
  {
    file: 'core/queue',
    where: 'oldest',
    from: /break;$/,
    to: ';',
    why: 'a short cut: all who wait are in that queue',
  },
  {
    file: 'core/queue',
    where: '#favoured',
    from: "this.#order === 'adaptive-lifo' && oldest !== null",
    to: "this.#order === 'adaptive-lifo'",
    why: FOR_THE_COMPILER,
  },
  {
    file: 'core/queue',
    where: '#favoured',
    from: 'exports.PRIORITIES - 1',
    to: 'exports.PRIORITIES + 1',
    why: 'above the highest priority there is no queue',
  },
  {
    file: 'core/queue',
    where: '#favoured',
    from: 'queue !== undefined && queue.size > 0',
    to: 'queue.size > 0',
    why: FOR_THE_COMPILER,
  },
  // ── pool ──────────────────────────────────────────────────────────────────────────────────────
  {
    file: 'pool/events',
    where: '#drop',
    from: 'this.#entries.get(name)?.filter((other) => other !== entry) ?? []',
    to: 'this.#entries.get(name)?.filter((other) => other !== entry)',
    why: FOR_THE_COMPILER,
  },
  {
    file: 'pool/failure',
    from: 'return undefined;',
    to: ';',
    why: 'a function that ends without a return answers undefined',
  },
  {
    file: 'pool/judgement',
    from: 'return undefined;',
    to: ';',
    why: 'a function that ends without a return answers undefined',
  },
  {
    file: 'pool/options',
    where: 'SETTINGS',
    from: "typeof value === 'object' && value !== null && 'now' in value",
    to: "typeof value === 'object' && value !== null",
    why: FOR_THE_COMPILER,
  },
  {
    file: 'pool/options',
    where: 'resolveSettings',
    from: 'maxIdle !== undefined && maxIdle > max',
    to: 'maxIdle > max',
    why: FOR_THE_COMPILER,
  },
  {
    file: 'pool/options',
    where: 'chance',
    from: 'drawn >= 0',
    to: 'drawn > 0',
    why: 'what is taken instead of what is out of range is 0',
  },
  {
    file: 'pool/pool',
    where: 'pause',
    from: 'this.#turns.expectEnd();',
    to: ';',
    why: 'a pause makes nothing due sooner, and an alarm that rings too soon costs a look',
  },
  {
    file: 'pool/pool',
    where: '#takeNow',
    from: /return null;$/,
    to: ';',
    why: 'a short cut: where nothing could be lent, nothing is',
  },
  {
    file: 'pool/thenable',
    where: 'isThenable',
    from: "typeof value === 'object' && value !== null && 'then' in value",
    to: "typeof value === 'object' && value !== null",
    why: FOR_THE_COMPILER,
  },
  {
    file: 'pool/refusal',
    where: '#late',
    from: /return said\.sentence;$|^this\.#said = /,
    to: ';',
    why: 'it saves the time to say the same again',
  },
  {
    file: 'pool/rejections',
    where: 'tellSome',
    from: /return;$/,
    to: ';',
    why: 'a short cut: nobody is to be told',
  },
  {
    file: 'pool/rules',
    where: 'oneOf',
    from: "typeof value === 'string' && names.includes(value)",
    to: 'names.includes(value)',
    why: FOR_THE_COMPILER,
  },
  {
    file: 'pool/rules',
    where: 'sharedBeginning',
    from: 'length < one.length',
    to: 'length <= one.length',
    why: 'only of two names that are the same one more is counted, and none is more alike',
  },
  {
    file: 'pool/refusal',
    from: 'return refusal;',
    to: ';',
    why: 'it is never reached',
  },
]
