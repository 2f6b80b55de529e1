import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface PurgeOptions {
  readonly force?: boolean;
  readonly json?: boolean;
}

export function declare(command: Command, act: Act): void {
  command.option('-f, --force', 'do not ask').option('--json', 'print the result as JSON').action(act(purge));
  addExamples(command, [['longshore purge', 'ends every pull and removes every model, after a question']]);
}

async function purge(
  context: CommandContext,
  { force = false, json = false }: PurgeOptions,
): Promise<ExitCode> {
  if (!force && !(await isSure(context))) {
    context.note('Nothing was removed.');
    return EXIT.failure;
  }
  await context.client.send({ method: 'POST', path: '/engines/unload', json: { all: true } });
  await context.client.send({ method: 'DELETE', path: '/models/purge' });
  if (json) context.printJson({ purged: true });
  return EXIT.ok;
}

async function isSure(context: CommandContext): Promise<boolean> {
  context.note(`WARNING! This will remove all models of the cluster at ${context.target.shown}.`);
  context.stderr.write('Are you sure you want to continue? [y/N] ');
  const answer = await readAnswer(context);
  if (context.stdin.isTTY !== true) context.note();
  return /^y(?:es)?$/i.test(answer.trim());
}

/** The first line of stdin; empty when there is none. */
async function readAnswer({ stdin, signal }: CommandContext): Promise<string> {
  const lines = createInterface({ input: stdin, signal });
  try {
    for await (const line of lines) return line;
    signal.throwIfAborted();
    return '';
  } finally {
    lines.close();
  }
}
