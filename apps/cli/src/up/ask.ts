import { createInterface } from 'node:readline/promises';

/** A function that asks the person at the terminal; undefined when nobody is there. */
export function terminalQuestions(): ((question: string) => Promise<boolean>) | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    try {
      const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('no')));
      const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed]);
      return /^y(?:es)?$/i.test(answer.trim());
    } finally {
      terminal.close();
    }
  };
}
