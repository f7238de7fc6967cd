import type { RudeConnection } from './rude-connection.ts'

/** A behaviour that has a name. */
export type RudeManner =
  /** Sends back what it receives. */
  | 'echo'
  /** Reads, and says nothing. */
  | 'silent'
  /** Does not even read: what its peer writes piles up. */
  | 'deaf'
  /** Echoes, but only what `tick` lets through. */
  | 'drip'

/**
 * What a server does with a connection: by name, or what the function does that is given it. What the
 * function throws, or rejects with, is not caught: it is an error of the test.
 */
export type RudeBehaviour = RudeManner | Conduct

/** What is done with a connection that is new. */
export type Conduct = (connection: RudeConnection) => unknown

const manners: Record<RudeManner, Conduct> = {
  echo: (connection) => connection.echo(),
  silent: (connection) => connection.ignore(),
  deaf: () => {},
  drip: (connection) => {
    connection.drip()
    return connection.echo()
  },
}

/** What a behaviour does. @throws TypeError when there is none of that name. */
export function conductOf(behaviour: RudeBehaviour): Conduct {
  if (typeof behaviour === 'function') return behaviour
  if (Object.hasOwn(manners, behaviour)) return manners[behaviour]
  const names = Object.keys(manners).join(', ')
  throw new TypeError(`${behaviour} is no behaviour: use a function, or one of ${names}`)
}
