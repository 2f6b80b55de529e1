import { LongshoreError, type ProgressLine } from '#contracts';
import { RouteFailure } from '../../http/failure.js';
import type { JsonObject } from './fields.js';

const SHORT_DIGEST = 12;

/** The words of a transfer. */
export interface TransferWords {
  readonly begin: string;
  readonly layer: string;
}

export const PULLING: TransferWords = { begin: 'pulling manifest', layer: 'pulling' };
export const PUSHING: TransferWords = { begin: 'retrieving manifest', layer: 'pushing' };

/** A line of progress in the words of Ollama. */
function encodeProgress({ type, message, layer }: ProgressLine, words: TransferWords): JsonObject {
  if (type === 'success') return { status: 'success' };
  if (type === 'error') return { error: message.replace(/^Error: /, '') };
  if (type === 'warning') return { status: `warning: ${message}` };
  if (layer.id === undefined) return { status: message };
  const digest = layer.id.startsWith('sha256:') ? layer.id : `sha256:${layer.id}`;
  const short = digest.slice('sha256:'.length, 'sha256:'.length + SHORT_DIGEST);
  return { status: `${words.layer} ${short}`, digest, total: layer.size, completed: layer.current };
}

const BROKE_OFF = 'The transfer broke off; try again, and it goes on where it was.';

/**
 * The progress of a transfer as lines of Ollama, wherever its bytes are cut.
 * @throws RouteFailure and LongshoreError that `body` fails with; RouteFailure 500 when it breaks off, or ends without
 * having said how the transfer ended
 */
export async function* tellProgress(
  body: AsyncIterable<Buffer>,
  words: TransferWords,
): AsyncGenerator<readonly JsonObject[], void, void> {
  let [begun, over] = [false, false];
  for await (const lines of readLines(body)) {
    over ||= lines.some(({ type }) => type === 'success' || type === 'error');
    const told = lines.map((line) => encodeProgress(line, words));
    yield begun ? told : [{ status: words.begin }, ...told];
    begun = true;
  }
  if (!over) throw new RouteFailure(500, BROKE_OFF);
}

async function* readLines(body: AsyncIterable<Buffer>): AsyncGenerator<readonly ProgressLine[], void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const bytes of body) {
      const texts = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = texts.pop() ?? '';
      const lines = texts.filter((text) => text.trim() !== '');
      if (lines.length > 0) yield lines.map((text) => JSON.parse(text) as ProgressLine);
    }
  } catch (error) {
    if (error instanceof LongshoreError || error instanceof RouteFailure) throw error;
    throw new RouteFailure(500, BROKE_OFF);
  }
}

/** How a transfer ended, for who wants to hear of nothing else. @throws RouteFailure 500 when it failed */
export async function conclude(lines: AsyncIterable<readonly JsonObject[]>): Promise<JsonObject> {
  let last: JsonObject = {};
  for await (const batch of lines) last = batch.at(-1) ?? last;
  if (typeof last['error'] === 'string') throw new RouteFailure(500, last['error']);
  return last;
}
