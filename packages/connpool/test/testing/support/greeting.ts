import type { RudeConnection } from '../../../src/testing/index.ts'

/** A behaviour that another process imports. */
export function behave(connection: RudeConnection): Promise<void> {
  connection.write('220 ready\n')
  return connection.echo()
}
