import type { ProgressLine } from '#contracts';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { CommandFailure, wrongUsage } from '../command-failure.js';
import type { Act } from './command-module.js';
import { configurationRequest } from './configuration-request.js';
import { addExamples } from './examples.js';
import { registryToken } from './registry-token.js';

interface UpOptions {
  readonly model?: readonly string[];
  readonly contextSize?: number;
  readonly runtimeFlags?: string;
  readonly url?: string;
}

/** Messages to Docker Compose: a line of JSON on stdout each. */
type ComposeMessage = 'info' | 'error' | 'setenv' | 'debug';

const PARAMETERS = [
  { name: 'model', description: 'Model to pull; several may be given', required: true, type: 'string' },
  { name: 'context-size', description: 'Context of one slot in tokens', required: false, type: 'integer' },
  { name: 'runtime-flags', description: 'Further arguments of the engine', required: false, type: 'string' },
  { name: 'url', description: 'Where containers reach the gateway', required: false, type: 'string' },
];

/** The provider that `provider: {type: longshore}` of a compose file asks for. */
export function declare(command: Command, act: Act): void {
  command.option('--project-name <name>', 'project of the compose file');
  command
    .command('up')
    .description('Make models available to the services that depend on this one.')
    .argument('[service...]', 'name of the service')
    .option('--model <reference>', 'model to pull; may be repeated', collect)
    .option('--context-size <tokens>', 'context of one slot in tokens', readSize)
    .option('--runtime-flags <flags>', 'further arguments of the engine, separated by blanks')
    .option('--url <address>', 'where containers reach the gateway')
    .action(act((context, _services: readonly string[], options: UpOptions) => up(context, options)));
  for (const name of ['down', 'stop'])
    command
      .command(name)
      .description('Do nothing: models stay, and are unloaded when nobody uses them.')
      .argument('[service...]', 'name of the service')
      .allowUnknownOption()
      .action(act(async () => undefined));
  command
    .command('metadata')
    .description('Show what a compose file may say.')
    .action(act(async (context) => context.print(JSON.stringify(metadata()))));
  addExamples(command, [
    [
      'longshore compose up --model ai/smollm2 llm',
      'what Docker Compose runs for a service of this provider',
    ],
  ]);
}

function metadata(): object {
  return {
    description: 'Models of a Longshore cluster',
    up: { parameters: PARAMETERS },
    down: { parameters: [] },
  };
}

async function up(context: CommandContext, options: UpOptions): Promise<void> {
  const say = (type: ComposeMessage, message: string): void =>
    context.print(JSON.stringify({ type, message }));
  let subject = '';
  try {
    const { model: models = [] } = options;
    if (models.length === 0) throw wrongUsage('Name the model: options: {model: ai/smollm2}.');
    for (const model of models) {
      subject = `${model}: `;
      await pull(context, model, (message) => say('info', message));
      await configure(context, model, options);
    }
    say('setenv', `URL=${options.url ?? reachableUrl(context.client.target)}`);
    say('setenv', `MODEL=${models.join(',')}`);
  } catch (error) {
    if (error instanceof CommandFailure) say('error', `${subject}${error.message}`);
    throw error;
  }
}

/** @throws CommandFailure with what the cluster says of a pull that fails */
async function pull(context: CommandContext, model: string, say: (message: string) => void): Promise<void> {
  const json = { from: model, ...registryToken(model, context.config.huggingFaceToken) };
  const headers = { accept: 'application/json' };
  const answer = await context.client.send({ method: 'POST', path: '/models/create', json, headers });
  let told = '';
  for await (const text of answer.lines()) {
    if (text === '') continue;
    const line = JSON.parse(text) as ProgressLine;
    if (line.type === 'error') throw new CommandFailure(line.message);
    const words = line.type === 'progress' ? progress(line) : line.message;
    if (words === told) continue;
    say(`${model}: ${words}`);
    told = words;
    if (line.type === 'success') return;
  }
  throw new CommandFailure(`The cluster ended the pull of ${model} without saying how it went.`);
}

/** In whole percent of the layer, so that a service's line does not change with every packet. */
function progress({ layer }: ProgressLine): string {
  return layer.size > 0 ? `pulling ${Math.floor((100 * layer.current) / layer.size)}%` : 'pulling';
}

async function configure(context: CommandContext, model: string, options: UpOptions): Promise<void> {
  const { contextSize, runtimeFlags = '' } = options;
  const flags = runtimeFlags.split(/\s+/).filter((flag) => flag !== '');
  if (contextSize === undefined && flags.length === 0) return;
  const json = configurationRequest(model, flags, contextSize === undefined ? {} : { contextSize });
  await context.client.send({ method: 'POST', path: '/engines/_configure', json });
}

const OWN_MACHINE = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0)$/;

/** The gateway's address as a container sees it, with the path of the OpenAI routes. */
function reachableUrl({ origin, prefix, socketPath }: CommandContext['client']['target']): string {
  if (socketPath !== undefined)
    throw wrongUsage(
      'Containers cannot reach the socket of a gateway; say where they can: options: {url: …}.',
    );
  const url = new URL(origin);
  if (OWN_MACHINE.test(url.hostname)) url.hostname = 'host.docker.internal';
  return `${url.origin}${prefix}/engines/v1/`;
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function readSize(value: string): number {
  const size = Number(value);
  if (!Number.isInteger(size) || size <= 0) throw wrongUsage('--context-size must be a number of tokens.');
  return size;
}
