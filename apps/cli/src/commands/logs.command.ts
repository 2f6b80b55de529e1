import { once } from 'node:events';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { CommandFailure } from '../command-failure.js';
import { EXIT } from '../exit-codes.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface LogsOptions {
  readonly follow?: boolean;
  readonly engines: boolean;
}

export function declare(command: Command, act: Act): void {
  command
    .option('-f, --follow', 'go on with what comes')
    .option('--no-engines', 'without the lines of the engines')
    .action(act(showLogs));
  addExamples(command, [
    ['longshore logs', 'the latest lines of all processes of the cluster'],
    ['longshore logs -f --no-engines', 'those of gateways and workers, as they come'],
  ]);
}

async function showLogs(context: CommandContext, { follow = false, engines }: LogsOptions): Promise<void> {
  const query = { follow, 'no-engines': !engines };
  const answer = await context.client.send({ path: '/logs', query });
  for await (const chunk of answer.chunks()) {
    if (!context.stdout.write(chunk)) await once(context.stdout, 'drain', { signal: context.signal });
  }
  if (follow) throw new CommandFailure('The cluster closed the log.', EXIT.unreachable);
}
