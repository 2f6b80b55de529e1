import type { ProgressLine } from '#contracts';
import type { GatewayRequest } from '../client/gateway-client.js';
import { GatewayFailure } from '../client/gateway-failure.js';
import { retrying } from '../client/retry.js';
import type { CommandContext } from '../command-context.js';
import { CommandFailure } from '../command-failure.js';
import { EXIT } from '../exit-codes.js';
import { progressView, type TransferMode } from '../output/progress-view.js';

export interface Transfer {
  readonly mode: TransferMode;
  readonly request: GatewayRequest;
  /** Print each line of the cluster as JSON in place of words. */
  readonly json: boolean;
}

/**
 * Follows a pull or a push to its end, beginning again when the connection breaks: what has arrived stays, so the next
 * try goes on. Prints what the cluster says at the end.
 * @throws CommandFailure
 */
export async function followTransfer(context: CommandContext, transfer: Transfer): Promise<void> {
  try {
    const message = await retrying(() => followOnce(context, transfer), {
      signal: context.signal,
      onRetry: (failure, delayMs, attempt, attempts) =>
        context.note(`${failure.message} Trying again in ${delayMs / 1000} s (${attempt} of ${attempts}).`),
    });
    if (!transfer.json) context.print(message);
  } catch (error) {
    if (context.signal.aborted && transfer.mode === 'pull')
      context.note('The pull goes on in the cluster; pull again to join it.');
    throw error;
  }
}

/** @returns the message of success */
async function followOnce(context: CommandContext, { mode, request, json }: Transfer): Promise<string> {
  const headers = { accept: 'application/json', ...request.headers };
  const answer = await context.client.send({ ...request, headers });
  const view = json ? undefined : progressView(context.stderr, mode);
  const strange: string[] = [];
  try {
    for await (const text of answer.lines()) {
      const line = readProgress(text);
      if (line === undefined) {
        if (strange.length < 20 && text !== '') strange.push(text);
        continue;
      }
      if (json) context.print(JSON.stringify(line));
      if (line.type === 'success') return line.message;
      if (line.type === 'error') throw transferFailure(line.message);
      if (line.type === 'warning') context.note(`Warning: ${line.message}`);
      else view?.show(line);
    }
  } finally {
    view?.end();
  }
  const said = strange.join('\n').slice(0, 4_096);
  if (said !== '') throw new CommandFailure(`The answer is no progress of a ${mode}: ${said}`);
  const words = `The cluster ended the ${mode} without saying how it went.`;
  throw new GatewayFailure(words, EXIT.unreachable, answer.status, true);
}

/** The words that the cluster puts at the front of an `error` line tell what the matter is. */
function transferFailure(message: string): CommandFailure {
  const words = message.replace(/^Error: /, '');
  if (/^Model not found\b/.test(words)) return new CommandFailure(words, EXIT.notFound);
  if (/^Unauthorized\b/.test(words)) return new CommandFailure(words, EXIT.refused);
  return new CommandFailure(words);
}

function readProgress(text: string): ProgressLine | undefined {
  try {
    const line = JSON.parse(text) as ProgressLine;
    return typeof line === 'object' && typeof line.layer === 'object' ? line : undefined;
  } catch {
    return undefined;
  }
}
