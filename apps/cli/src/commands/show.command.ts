import type { Command } from 'commander';
import { pathOf } from '../client/gateway-client.js';
import type { Model } from '../client/wire.js';
import type { CommandContext } from '../command-context.js';
import { describeModel } from '../output/describe-model.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface ShowOptions {
  readonly remote?: boolean;
  readonly json?: boolean;
}

export function declare(command: Command, act: Act): void {
  command
    .argument('<model>', 'name or id')
    .option('-r, --remote', 'the model as its registry has it')
    .option('--json', 'print JSON, as inspect does')
    .action(act(show));
  addExamples(command, [['longshore show smollm2', 'the model in words']]);
}

async function show(context: CommandContext, name: string, { remote, json }: ShowOptions): Promise<void> {
  const query = remote === true ? { remote } : {};
  const model = await context.client.getJson<Model>(`/models/${pathOf(name)}`, query);
  if (json === true) context.printJson(model);
  else context.print(describeModel(model));
}
