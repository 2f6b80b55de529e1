import type { Command } from 'commander';
import { GatewayClient } from '../client/gateway-client.js';
import { resolveTarget } from '../client/gateway-target.js';
import type { Model } from '../client/wire.js';
import type { CommandContext } from '../command-context.js';
import { splitCommand } from '../command-words.js';
import { candidatesFor } from '../completion/candidates.js';
import { completeModels } from '../completion/model-names.js';
import type { Act } from './command-module.js';

/** Somebody waits with a finger on the Tab key; ms. */
const PATIENCE_MS = 1_000;

export function declare(command: Command, act: Act): void {
  command.argument('[words...]').action(act(complete));
}

/** Prints one candidate a line. Whatever is wrong is no reason to disturb a line that is being written. */
async function complete(context: CommandContext, words: readonly string[]): Promise<void> {
  try {
    for (const word of await candidates(context, words)) context.print(word);
  } catch {
    // Nothing is offered then.
  }
}

async function candidates(context: CommandContext, words: readonly string[]): Promise<readonly string[]> {
  const written = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const { name } = splitCommand(written);
  const program = await context.describeProgram(name);
  const found = candidatesFor(program, words);
  const fitting = found.words.filter((word) => word.startsWith(current));
  if (!found.models) return fitting;
  const models = await listModels(context, written).catch(() => []);
  return [...fitting, ...completeModels(models, current, context.config.defaultRegistry)];
}

async function listModels(context: CommandContext, written: readonly string[]): Promise<readonly Model[]> {
  const valueOf = (option: string): string | undefined => {
    const index = written.indexOf(option);
    return index < 0 ? undefined : written[index + 1];
  };
  const [host, apiKey] = [valueOf('--host'), valueOf('--api-key')];
  const given = { ...(host !== undefined && { host }), ...(apiKey !== undefined && { apiKey }) };
  const target = resolveTarget({ ...context.options, ...given }, context.config);
  const client = new GatewayClient(target, AbortSignal.timeout(PATIENCE_MS));
  try {
    return await client.getJson<Model[]>('/models');
  } finally {
    await client.close();
  }
}
