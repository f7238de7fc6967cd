import { features, settingOf } from './features.ts'
import type { Feature, Haste, Setting } from './setting.ts'

/** Settings that are explored for one reason. */
export interface Chapter {
  readonly name: string
  readonly settings: readonly Setting[]
}

const CALLERS = 3
const SIZES = [1, 2] as const

const none: readonly Feature[][] = [[]]
const singles = features.map((feature) => [feature])
const pairs = features.flatMap((one, index) =>
  features.slice(index + 1).map((other) => [one, other]),
)
/** What nearly everything else depends on. */
const trouble = named('failing dials', 'deaths')
const inTrouble = features
  .filter((feature) => !trouble.includes(feature))
  .map((feature) => [...trouble, feature])

/** Everything, from what is quickly done to what takes long. */
export const programme: readonly Chapter[] = [
  { name: 'bare', settings: settings([1, 2, 3], none) },
  { name: 'each feature', settings: settings(SIZES, singles) },
  { name: 'each pair', settings: settings(SIZES, pairs) },
  { name: 'each in trouble', settings: settings(SIZES, inTrouble) },
  {
    name: 'answered at once',
    settings: (['obliging', 'failing'] as const).flatMap((haste) =>
      settings(SIZES, [...none, ...singles, ...pairs], haste),
    ),
  },
  {
    name: 'meddled with',
    settings: settings(SIZES, [...none, ...singles], 'meddling'),
  },
]

/** Pairs of which one does little without the other. */
const matched: readonly (readonly [string, string])[] = [
  ['min', 'idleness'],
  ['min', 'lifetime'],
  ['min', 'failing dials'],
  ['min', 'resize'],
  ['minIdle', 'idleness'],
  ['minIdle', 'lifetime'],
  ['minIdle', 'maxUses'],
  ['maxIdle', 'pause'],
  ['shared', 'resize'],
  ['shared', 'maxUses'],
  ['shared', 'no patience'],
  ['timeouts', 'failing dials'],
  ['timeouts', 'resets'],
  ['timeouts', 'probes'],
  ['timeouts', 'invalidate'],
  ['timeouts', 'close'],
  ['deadlines', 'late alarms'],
  ['deadlines', 'turns'],
  ['silent deaths', 'no patience'],
  ['silent deaths', 'probes'],
  ['upkeep probes', 'idleness'],
  ['upkeep probes', 'lifetime'],
  ['upkeep probes', 'probes'],
  ['probes', 'invalidate'],
  ['resets', 'invalidate'],
  ['resets', 'lifetime'],
  ['unsent bytes', 'close'],
  ['readdressing', 'failing dials'],
  ['offers', 'lifetime'],
  ['freshForMs', 'silent deaths'],
]

/** The part that there is time for whenever the tests are run: about 12 s of one core. */
export const digest: readonly Setting[] = [
  ...settings([1, 2, 3], none),
  ...settings(SIZES, singles),
  ...settings(
    [1],
    matched.map((names) => named(...names)),
  ),
  ...settings(SIZES, singles, 'obliging'),
  ...settings(SIZES, singles, 'failing'),
  ...settings([1], none, 'meddling'),
]

function settings(
  sizes: readonly number[],
  choices: readonly (readonly Feature[])[],
  haste: Haste = 'none',
): Setting[] {
  return sizes.flatMap((max) =>
    choices.flatMap((chosen) => settingOf(max, CALLERS, chosen, haste) ?? []),
  )
}

function named(...names: string[]): Feature[] {
  return features.filter(({ name }) => names.includes(name))
}
