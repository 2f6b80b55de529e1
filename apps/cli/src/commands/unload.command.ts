import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { wrongUsage } from '../command-failure.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface UnloadOptions {
  readonly all?: boolean;
  readonly backend?: string;
  readonly json?: boolean;
}

export function declare(command: Command, act: Act): void {
  command
    .argument('[model...]', 'names or ids of loaded models')
    .option('--all', 'all models that nobody is using, and forget their settings')
    .option('--backend <engine>', 'only in this engine: llama.cpp, vllm, sglang or openai')
    .option('--json', 'print the count as JSON')
    .action(act(unload));
  addExamples(command, [
    ['longshore unload smollm2', 'frees the memory; the next request loads it again'],
    ['longshore unload --all', 'all that are idle; those in use stay'],
  ]);
}

async function unload(
  context: CommandContext,
  models: readonly string[],
  { all = false, backend = '', json = false }: UnloadOptions,
): Promise<void> {
  if (all && models.length > 0) throw wrongUsage('Name models or give --all, not both.');
  if (!all && models.length === 0) throw wrongUsage('Name the models to unload, or give --all.');
  const answer = await context.client.send({
    method: 'POST',
    path: '/engines/unload',
    json: { all, backend, models },
  });
  const result = await answer.json<{ unloaded_runners: number }>();
  const count = result.unloaded_runners;
  if (json) context.printJson(result);
  else if (count > 0) context.print(`Unloaded ${count} model(s).`);
  else context.print(all ? 'No models are running.' : 'No such model(s) running.');
}
