import type { Duplex } from 'node:stream'

/**
 * Writes a question and reads until the answer is whole.
 * @throws Error when the connection ends first, by rejecting.
 */
export function askSocket(socket: Duplex, question: string, whole: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const end = () => {
      socket.off('data', hear).off('end', cut).off('close', cut)
    }
    const hear = (bytes: Buffer) => {
      answer += bytes.toString('latin1')
      if (!whole.test(answer)) return
      end()
      resolve(answer)
    }
    const cut = () => {
      end()
      reject(new Error(`the connection ended after "${answer}"`))
    }
    socket.on('data', hear).on('end', cut).on('close', cut)
    socket.write(question)
  })
}
