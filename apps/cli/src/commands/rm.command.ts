import type { Command } from 'commander';
import { pathOf } from '../client/gateway-client.js';
import { GatewayFailure } from '../client/gateway-failure.js';
import type { RemovalStep } from '../client/wire.js';
import type { CommandContext } from '../command-context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface RemoveOptions {
  readonly force?: boolean;
  readonly json?: boolean;
}

export function declare(command: Command, act: Act): void {
  command
    .argument('<model...>', 'names or ids of stored models')
    .option('-f, --force', 'remove a model by its id with all its tags')
    .option('--json', 'print what was removed as JSON')
    .action(act(remove));
  addExamples(command, [
    ['longshore rm smollm2 qwen3:8B', 'takes the tags away, and models with their last tag'],
    ['longshore rm -f 354bf30d0aa3', 'the model with all its tags'],
  ]);
}

/** A model that cannot be removed does not keep the others; the exit code is that of the first of them. */
async function remove(
  context: CommandContext,
  models: readonly string[],
  { force = false, json = false }: RemoveOptions,
): Promise<ExitCode> {
  const paths = new Map(models.map((model) => [model, removalPath(model)]));
  const removed: RemovalStep[] = [];
  let code: ExitCode = EXIT.ok;
  for (const [model, path] of paths) {
    try {
      const steps = await removeOne(context, path, force);
      removed.push(...steps);
      if (!json) for (const step of steps) context.print(describeStep(step));
    } catch (error) {
      if (!(error instanceof GatewayFailure) || error.exitCode === EXIT.unreachable) throw error;
      const unnamed = error.exitCode === EXIT.notFound && !error.message.includes(model);
      context.note(unnamed ? `No such model: ${model}` : error.message);
      code = code === EXIT.ok ? error.exitCode : code;
    }
  }
  if (json) context.printJson(removed);
  return code;
}

async function removeOne({ client }: CommandContext, path: string, force: boolean): Promise<RemovalStep[]> {
  const answer = await client.send({ method: 'DELETE', path, query: { force } });
  return answer.json<RemovalStep[]>();
}

/** `DELETE /models/purge` removes all models; one of this name has its tag with it. */
function removalPath(model: string): string {
  return /^\/*purge\/*$/.test(model) ? '/models/purge:latest' : `/models/${pathOf(model)}`;
}

function describeStep(step: RemovalStep): string {
  return 'Untagged' in step ? `Untagged: ${step.Untagged}` : `Deleted: ${step.Deleted}`;
}
