/** Why a run cannot go on, in one sentence for the user. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}
