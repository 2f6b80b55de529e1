import { GatewayFailure } from '../client/gateway-failure.js';
import type { CommandContext } from '../command-context.js';
import { registryToken } from '../commands/registry-token.js';
import { followTransfer } from '../commands/transfer.js';
import { findStored } from './find-stored.js';

/**
 * Pulls a model that the cluster does not have, unless `pull` is false. Everything it says goes to stderr. Resolves with
 * the name by which it is asked.
 * @throws CommandFailure
 */
export async function ensureModel(
  context: CommandContext,
  model: string,
  { pull = true } = {},
): Promise<string> {
  try {
    return await findStored(context, model);
  } catch (error) {
    if (!pull || !(error instanceof GatewayFailure) || error.status !== 404) throw error;
  }
  context.note(`Unable to find model '${model}' in the cluster. Pulling it.`);
  const aside = context.within({ stdout: context.stderr });
  try {
    const json = { from: model, ...registryToken(model, context.config.huggingFaceToken) };
    const request = { method: 'POST', path: '/models/create', json } as const;
    await followTransfer(aside, { mode: 'pull', request, json: false });
  } finally {
    await aside.close();
  }
  return model;
}

/** Loads a model and answers nothing. Resolves when it is ready. @throws GatewayFailure */
export async function preload(context: CommandContext, model: string, signal?: AbortSignal): Promise<void> {
  const answer = await context.client.send({
    method: 'POST',
    path: '/engines/v1/chat/completions',
    json: { model, messages: [], stream: false },
    headers: { 'x-preload-only': 'true' },
    ...(signal && { signal }),
  });
  await answer.text();
}
