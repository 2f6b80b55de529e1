import { LongshoreError } from '#contracts';
import type { LoggedResponse } from '#streaming';
import type { ChatChunk } from '../../chat/chat-chunk.js';
import { readChunks } from '../../chat/read-chunks.js';
import { ResponseAssembler } from './response-assembler.js';
import type { ResponseOrigin, ResponseProgress } from './response-object.js';

/** How far a response is, judging by the log of its chat completion. @param now ms since the epoch */
export async function assembleLogged(
  origin: ResponseOrigin,
  logged: LoggedResponse | undefined,
  now: number,
): Promise<ResponseProgress> {
  if (logged?.head === undefined && logged?.fin === undefined) return { status: 'queued', output: [] };
  const assembler = new ResponseAssembler(origin);
  assembler.begin();
  if (logged.head !== undefined && logged.head.status !== 200) {
    assembler.fail(new LongshoreError('engine_failed', refusalOf(logged.body)), now);
    return assembler.progress;
  }
  for await (const chunks of readChunks(only(logged.body))) for (const chunk of chunks) assembler.take(chunk);
  const { fin } = logged;
  if (fin?.outcome === 'completed') assembler.finish(now);
  if (fin?.outcome === 'cancelled') assembler.fail(new LongshoreError('cancelled'), now);
  if (fin?.outcome === 'failed') {
    assembler.fail(
      new LongshoreError(fin.code === 'cancelled' ? 'cancelled' : 'engine_failed', fin.message),
      now,
    );
  }
  return assembler.progress;
}

/** The engine's own words, in the error object of a chat completion. */
function refusalOf(body: Buffer): string {
  const text = body.toString();
  try {
    return (JSON.parse(text) as ChatChunk).error?.message ?? text;
  } catch {
    return text;
  }
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes;
}
