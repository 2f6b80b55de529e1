import type { Command } from 'commander';
import type { ProgressLine } from '#contracts';
import { pathOf } from '../client/gateway-client.js';
import type { CommandContext } from '../command-context.js';
import { CommandFailure, wrongUsage } from '../command-failure.js';
import { collect, wholeNumber } from '../options.js';
import { chooseFiles, type FileOptions } from '../package/choose-files.js';
import { packUpload, showUpload } from '../package/upload.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';
import { readTarget } from './tag.command.js';
import { followTransfer } from './transfer.js';

interface PackageOptions extends FileOptions {
  readonly from?: string;
  readonly contextSize?: number;
  readonly push?: boolean;
  readonly json?: boolean;
}

export function declare(command: Command, act: Act): void {
  command
    .argument('<model>', 'name of the new model')
    .option('--gguf <file>', 'GGUF weights; of a model in shards any of them')
    .option(
      '--safetensors-dir <folder>',
      'safetensors with their configuration and tokenizer; hidden files stay',
    )
    .option('--from <model>', 'a stored model, to be had with another context size or by another name')
    .option('--context-size <tokens>', 'context the model is to be run with', wholeNumber(1, 2 ** 31 - 1))
    .option('-l, --license <file>', 'licence text; may be given several times', collect)
    .option('--mmproj <file>', 'multimodal projector, with --gguf')
    .option('--chat-template <file>', 'Jinja template in place of that of the weights')
    .option('--push', 'push the model to its registry then')
    .option('--json', 'print the result as JSON')
    .action(act(makePackage));
  addExamples(command, [
    ['longshore package --gguf model.gguf team/mine', 'sends the file to the cluster'],
    [
      'longshore package --safetensors-dir ./qwen --push registry.example/team/qwen:1',
      'and on to a registry',
    ],
    ['longshore package --from smollm2 --context-size 8192 team/long', 'shares the files of smollm2'],
  ]);
}

async function makePackage(context: CommandContext, target: string, options: PackageOptions): Promise<void> {
  const { repo, label } = readTarget(target, context.config.defaultRegistry);
  const sources = [options.gguf, options.safetensorsDir, options.from].filter(
    (source) => source !== undefined,
  );
  if (sources.length !== 1) throw wrongUsage('Give exactly one of --gguf, --safetensors-dir and --from.');
  const message =
    options.from === undefined
      ? await sendFiles(context, target, options)
      : await repackage(context, { source: options.from, target, options });
  const json = options.json === true;
  if (!json) context.print(message);
  if (options.push === true) {
    const request = { method: 'POST', path: `/models/${pathOf(`${repo}:${label}`)}/push`, json: {} } as const;
    await followTransfer(context, { mode: 'push', request, json });
  }
  if (json) context.printJson({ model: `${repo}:${label}`, message, pushed: options.push === true });
}

async function sendFiles(context: CommandContext, target: string, options: PackageOptions): Promise<string> {
  const upload = packUpload(await chooseFiles(options));
  showUpload(upload, context.stderr);
  const answer = await context.client.send({
    method: 'POST',
    path: '/models/package',
    query: { target, context_size: options.contextSize },
    headers: {
      accept: 'application/json',
      'content-type': upload.contentType,
      'content-length': String(upload.length),
    },
    body: upload.body,
  });
  for await (const text of answer.lines()) {
    const line = JSON.parse(text) as ProgressLine;
    if (line.type === 'error') throw new CommandFailure(line.message.replace(/^Error: /, ''));
    if (line.type === 'success') return line.message;
  }
  throw new CommandFailure(
    'The cluster ended without saying whether the model was made; "longshore list" shows it.',
  );
}

interface Repackaging {
  readonly source: string;
  readonly target: string;
  readonly options: PackageOptions;
}

async function repackage(context: CommandContext, { source, target, options }: Repackaging): Promise<string> {
  const { license, mmproj, chatTemplate, contextSize } = options;
  if (license ?? mmproj ?? chatTemplate)
    throw wrongUsage(
      '--from keeps the files of the model; give other files with --gguf or --safetensors-dir.',
    );
  const path = `/models/${pathOf(source)}`;
  if (contextSize === undefined) {
    const { repo, label } = readTarget(target, context.config.defaultRegistry);
    await context.client.send({ method: 'POST', path: `${path}/tag`, query: { repo, tag: label } });
    return `Model "${source}" tagged successfully with "${target}"`;
  }
  const json = { target, context_size: contextSize };
  const answer = await context.client.send({ method: 'POST', path: `${path}/repackage`, json });
  return (await answer.json<{ message: string }>()).message;
}
