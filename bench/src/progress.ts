/** Says on the terminal what is being done; nothing where there is no terminal. An empty text wipes it out. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}
