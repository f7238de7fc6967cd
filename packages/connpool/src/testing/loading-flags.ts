/** Their value is the next word. */
const withWord = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)$/
const complete =
  /^--(import|require|loader|experimental-loader|conditions)=|^--experimental-(strip|transform)-types$/

/**
 * Of a process's flags those that say how modules are loaded. What it can import, a process that is
 * given these can import too; its debugger, its test runner and its `--eval` are its own.
 */
export function loadingFlags(flags: readonly string[]): string[] {
  return flags.filter(
    (flag, i) => withWord.test(flag) || complete.test(flag) || withWord.test(flags[i - 1] ?? ''),
  )
}
