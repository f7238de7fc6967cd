/** What may be done in a step; the more often a word is here, the more often it is drawn. */
export const FREQUENT: readonly string[] = [
  ...Array<string>(7).fill('acquire'),
  ...Array<string>(4).fill('use'),
  ...Array<string>(10).fill('release'),
  ...Array<string>(6).fill('pass'),
  ...Array<string>(3).fill('rest'),
  ...Array<string>(3).fill('die'),
  ...Array<string>(2).fill('tryAcquire'),
  ...Array<string>(2).fill('withdraw'),
  ...Array<string>(2).fill('answer'),
  ...Array<string>(2).fill('block'),
  'destroy',
  'weather',
  'stall',
  'idle',
]

export const RARE: readonly string[] = [
  'dispose',
  'detach',
  'endAgain',
  'ready',
  'resize',
  'pause',
  'resume',
  'resume',
  'invalidate',
  'dieAgain',
  'mistake',
  'close',
]
