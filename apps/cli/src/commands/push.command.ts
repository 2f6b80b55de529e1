import type { Command } from 'commander';
import { pathOf } from '../client/gateway-client.js';
import type { CommandContext } from '../command-context.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';
import { registryToken } from './registry-token.js';
import { followTransfer } from './transfer.js';

export function declare(command: Command, act: Act): void {
  command
    .argument('<model>', 'name of a stored model; its registry is where it goes')
    .option('--json', 'print the progress as one JSON object a line')
    .action(act(push));
  addExamples(command, [
    ['longshore tag smollm2 registry.example/team/smollm2:1', 'gives the model the name'],
    ['longshore push registry.example/team/smollm2:1', 'pushes it there'],
  ]);
  command.addHelpText(
    'after',
    '\nA push ends when this command is interrupted; what has arrived is not sent again.',
  );
}

async function push(context: CommandContext, model: string, options: { json?: boolean }): Promise<void> {
  const json = registryToken(model, context.config.huggingFaceToken);
  const request = { method: 'POST', path: `/models/${pathOf(model)}/push`, json } as const;
  await followTransfer(context, { mode: 'push', request, json: options.json ?? false });
}
