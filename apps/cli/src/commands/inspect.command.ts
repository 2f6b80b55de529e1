import type { Command } from 'commander';
import { pathOf } from '../client/gateway-client.js';
import type { CommandContext } from '../command-context.js';
import { wrongUsage } from '../command-failure.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface InspectOptions {
  readonly remote?: boolean;
  readonly openai?: boolean;
}

export function declare(command: Command, act: Act): void {
  command
    .argument('<model>', 'name or id')
    .option('-r, --remote', 'the model as its registry has it')
    .option('--openai', 'the model as GET /v1/models/{model} shows it')
    .option('--json', 'print JSON, which this command does anyway')
    .action(act(inspect));
  addExamples(command, [
    ['longshore inspect smollm2', 'what the cluster knows of its model'],
    ['longshore inspect -r ai/qwen3:8B', 'a model that was not pulled'],
  ]);
}

async function inspect(context: CommandContext, model: string, options: InspectOptions): Promise<void> {
  const { remote = false, openai = false } = options;
  if (remote && openai) throw wrongUsage('--openai shows stored models; leave out --remote.');
  const path = openai ? `/engines/v1/models/${pathOf(model)}` : `/models/${pathOf(model)}`;
  context.printJson(await context.client.getJson(path, remote ? { remote } : {}));
}
