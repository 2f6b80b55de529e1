import type { CommandContext } from '../command-context.js';

/** Whoever waits for longer is told what for; ms. */
const PATIENCE_MS = 2_000;

/** All that is piped in; empty when stdin is a terminal. @throws DOMException named AbortError */
export async function readStdin(context: CommandContext): Promise<string> {
  const { stdin, signal } = context;
  if (stdin.isTTY === true) return '';
  const late = setTimeout(
    () => context.note('Reading the prompt from standard input until it ends; </dev/null gives none.'),
    PATIENCE_MS,
  );
  const stop = (): void => void stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stdin as AsyncIterable<Buffer | string>) chunks.push(Buffer.from(chunk));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  return Buffer.concat(chunks).toString('utf8');
}
