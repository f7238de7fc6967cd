/** A contestant broke a promise that every pool makes. A trial that meets one has no figure. */
export class Fault extends Error {
  override readonly name = 'Fault'
}
