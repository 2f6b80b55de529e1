import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { wrongUsage } from '../command-failure.js';
import { collect, decimal, wholeNumber } from '../options.js';
import { type Answer, answerOnce, describeCut, describeUsage } from '../run/answer-once.js';
import { buildPrompt } from '../run/build-prompt.js';
import { type ChatMessage, readFormat, type Sampling } from '../run/chat-request.js';
import { ensureModel, preload } from '../run/ensure-model.js';
import { promptFileReader } from '../run/read-prompt-file.js';
import { readStdin } from '../run/read-stdin.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface RunOptions {
  readonly system?: string;
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
  readonly seed?: number;
  readonly format?: string;
  readonly image?: readonly string[];
  readonly detach?: boolean;
  readonly hideThinking?: boolean;
  readonly pull: boolean;
  readonly json?: boolean;
}

const MORE = `
A prompt is what stands behind the model and what is piped in. @FILE in it is replaced by the text of the file, or
carries the image; what is piped in is left as it is. Without a prompt, on a terminal, a conversation begins.
A model that the cluster does not have is pulled first. The answer goes to stdout and everything else to stderr.`;

export function declare(command: Command, act: Act): void {
  command
    .argument('<model>', 'name of the model')
    .argument('[prompt...]', 'what is asked')
    .option('--system <text>', 'what the model is told before anything else')
    .option('--temperature <number>', 'how freely words are chosen, from 0', decimal(0, 100))
    .option('--top-p <number>', 'only the likeliest words, from 0 to 1', decimal(0, 1))
    .option('--max-tokens <count>', 'tokens of the answer at most', wholeNumber(1))
    .option('--seed <number>', 'makes an answer repeatable', wholeNumber(0))
    .option('--format <format>', 'json, or a file with the JSON schema the answer must have')
    .option('--image <file>', 'an image to be asked about; may be given several times', collect)
    .option('--hide-thinking', 'do not show what the model thinks before it answers')
    .option('--no-pull', 'fail when the cluster does not have the model')
    .option('-d, --detach', 'only load the model')
    .option('--json', 'print the whole answer as one JSON object, with its usage and timings')
    .action(act(run));
  addExamples(command, [
    ['longshore run smollm2', 'a conversation'],
    ['longshore run smollm2 "Why is the sky blue?"', 'one answer'],
    ['git diff | longshore run smollm2 Explain this change.', 'with what is piped in'],
    ['longshore run smollm2 "Summarize @notes.txt"', 'with a file'],
    ['longshore run gemma3 "What is this?" --image cat.png', 'with an image'],
    ['longshore run smollm2 "List three fish." --format schema.json --json', 'for scripts'],
    ['longshore run -d smollm2', 'loads the model and returns'],
  ]);
  command.addHelpText('after', MORE);
}

async function run(
  context: CommandContext,
  typedModel: string,
  words: readonly string[],
  options: RunOptions,
): Promise<void> {
  const { detach = false, image = [] } = options;
  const format = options.format === undefined ? {} : { responseFormat: readFormat(options.format) };
  const sampling: Sampling = { ...options, ...format };
  if (detach && words.length > 0) throw wrongUsage('--detach only loads the model; leave the prompt out.');
  const atTerminal = context.stdin.isTTY === true && context.stdout.isTTY === true;
  const interactive = !detach && words.length === 0 && image.length === 0 && atTerminal;
  const piped = detach || interactive ? '' : await readStdin(context);
  const typed = words.join(' ');
  if (!detach && !interactive && typed.trim() === '' && piped.trim() === '' && image.length === 0) {
    throw wrongUsage(
      'There is no prompt: write it behind the model, pipe it in, or run this on a terminal for a conversation.',
    );
  }
  const prompt = await buildPrompt({ typed, piped, images: image }, promptFileReader(context.config.home));
  for (const note of prompt.notes) context.note(note);

  const model = await ensureModel(context, typedModel, options);
  if (detach) {
    await preload(context, model);
    if (options.json === true) context.printJson({ model, loaded: true });
    return;
  }
  if (interactive) {
    const { converse } = await import('../repl/converse.js');
    const { system = '', hideThinking = false } = options;
    return converse(context, { model, system, sampling, showThinking: !hideThinking });
  }
  const system: ChatMessage[] =
    options.system === undefined ? [] : [{ role: 'system', content: options.system }];
  const messages: ChatMessage[] = [...system, { role: 'user', content: prompt.content }];
  await answerPrompt(context, { model, messages, sampling, options });
}

interface OneShot {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly sampling: Sampling;
  readonly options: RunOptions;
}

async function answerPrompt(
  context: CommandContext,
  { model, messages, sampling, options }: OneShot,
): Promise<void> {
  const { json = false, hideThinking = false } = options;
  const shown = { silent: json, showThinking: !hideThinking };
  const answer = await answerOnce(context, { model, messages, sampling }, shown);
  const cut = describeCut(answer);
  if (cut !== undefined) context.note(cut);
  if (json) context.printJson(encodeAnswer(model, answer));
  else if (answer.usage !== undefined) context.note(describeUsage(answer.usage));
}

/** What `--json` prints. */
function encodeAnswer(model: string, answer: Answer): object {
  const { text, reasoning, finishReason, usage, timings, requestId, reconnections } = answer;
  return {
    model,
    text,
    ...(reasoning !== '' && { reasoning }),
    finish_reason: finishReason ?? null,
    usage: usage ?? null,
    timings: {
      first_token_ms: answer.firstTokenMs === undefined ? null : Math.round(answer.firstTokenMs),
      total_ms: Math.round(answer.totalMs),
      ...(timings !== undefined && { engine: timings }),
    },
    request_id: requestId ?? null,
    reconnections,
  };
}
