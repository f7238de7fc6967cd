/** A pool did not do what the row asks for. The message is what it did instead, in few words: it is the cell of the table. */
export class Fault extends Error {
  override readonly name = 'Fault'
}
