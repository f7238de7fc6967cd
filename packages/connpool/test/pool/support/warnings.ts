import { settled } from './fixture.ts'

/** The warnings that the process gives while `act` runs. */
export async function warnings(act: () => Promise<void>): Promise<Error[]> {
  const heard: Error[] = []
  const hear = (warning: Error) => heard.push(warning)
  process.on('warning', hear)
  await act()
  await settled()
  process.off('warning', hear)
  return heard
}
