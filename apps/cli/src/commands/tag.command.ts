import type { Command } from 'commander';
import { InvalidReference, parseModelReference } from '#contracts';
import { pathOf } from '../client/gateway-client.js';
import type { CommandContext } from '../command-context.js';
import { wrongUsage } from '../command-failure.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

export function declare(command: Command, act: Act): void {
  command
    .argument('<source>', 'name or id of a stored model')
    .argument('<target>', 'the further name')
    .option('--json', 'print the names as JSON')
    .action(act(tag));
  addExamples(command, [
    ['longshore tag smollm2 team/assistant', 'a second name: docker.io/team/assistant:latest'],
    ['longshore tag smollm2 registry.example/team/smollm2:1', 'a name to push it by'],
  ]);
}

async function tag(
  context: CommandContext,
  source: string,
  target: string,
  { json = false }: { json?: boolean },
): Promise<void> {
  const { repo, label } = readTarget(target, context.config.defaultRegistry);
  await context.client.send({
    method: 'POST',
    path: `/models/${pathOf(source)}/tag`,
    query: { repo, tag: label },
  });
  if (json) context.printJson({ source, target: `${repo}:${label}` });
  else context.print(`Model "${source}" tagged successfully with "${target}"`);
}

/** @throws CommandFailure when it is not a name with a tag */
export function readTarget(target: string, defaultRegistry: string): { repo: string; label: string } {
  try {
    const { registry, repository, tag: label } = parseModelReference(target, defaultRegistry);
    if (label !== undefined) return { repo: `${registry}/${repository}`, label };
  } catch (error) {
    if (!(error instanceof InvalidReference)) throw error;
    throw wrongUsage(`The target cannot be used: ${error.message}.`);
  }
  throw wrongUsage(`The target "${target}" names a digest; give it a tag, such as team/model:1.`);
}
