import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openChat } from '../../chat/open-chat.js';
import { decodeRequest } from './decode-request.js';
import { MessageAssembler, type MessageOptions } from './message-assembler.js';
import { streamMessage, wholeMessage } from './tell-message.js';

const FIXTURES = new URL('__fixtures__/', import.meta.url);
const pathOf = (name: string): string => new URL(name, FIXTURES).pathname;
const read = (name: string): Buffer => readFileSync(new URL(name, FIXTURES));

/** Names of the fixtures of a folder whose input ends so. */
function namesIn(folder: string, ending: string): readonly string[] {
  const found = readdirSync(new URL(`${folder}/`, FIXTURES)).filter((name) => name.endsWith(ending));
  expect(found.length).toBeGreaterThan(5);
  return found.map((name) => name.slice(0, -ending.length));
}

const requests = namesIn('requests', '.json').filter((name) => !name.endsWith('.chat'));
const answers = namesIn('answers', '.chat.sse');

/** What was asked, where that matters for the answer. */
const ASKED: Readonly<Record<string, Partial<MessageOptions>>> = {
  'stop-sequence': { stopSequences: ['zz', 'forty'] },
  'other-engine': { stopSequences: ['zz'] },
  'eager-arguments': { eagerTools: new Set(['get_weather']) },
  limit: { maxTokens: 3 },
};

function assemblerFor(name: string): MessageAssembler {
  return new MessageAssembler({
    id: 'msg_0123456789abcdef01234567',
    model: 'ai/scripted',
    maxTokens: 100,
    stopSequences: [],
    showThinking: true,
    eagerTools: new Set(),
    ...ASKED[name],
  });
}

function chatOf(...pieces: readonly Buffer[]) {
  async function* body(): AsyncGenerator<Buffer, void, void> {
    yield* pieces;
  }
  return openChat({ status: 200, headers: { 'content-type': 'text/event-stream' }, body: body() });
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('a request becomes a chat completion', () => {
  it.each(requests)('%s', async (name) => {
    const { chat } = decodeRequest(
      JSON.parse(read(`requests/${name}.json`).toString()) as Record<string, unknown>,
    );
    const path = pathOf(`requests/${name}.chat.json`);
    await expect(`${JSON.stringify(chat, undefined, 2)}\n`).toMatchFileSnapshot(path);
  });
});

describe('a chat completion becomes a message', () => {
  it.each(answers)('that is told as events: %s', async (name) => {
    const chunks = await chatOf(read(`answers/${name}.chat.sse`));
    const told = await textOf(streamMessage(chunks, assemblerFor(name), { headers: {} }).body);
    await expect(told).toMatchFileSnapshot(pathOf(`answers/${name}.events.sse`));
  });

  it.each(answers)('that is told at its end: %s', async (name) => {
    const { body } = await wholeMessage(await chatOf(read(`answers/${name}.chat.sse`)), assemblerFor(name), {
      headers: {},
    });
    const message: unknown = JSON.parse(await textOf(body));
    await expect(`${JSON.stringify(message, undefined, 2)}\n`).toMatchFileSnapshot(
      pathOf(`answers/${name}.message.json`),
    );
  });

  it.each(answers)('with the same bytes wherever those of the engine are cut: %s', async (name) => {
    const bytes = read(`answers/${name}.chat.sse`);
    const expected = read(`answers/${name}.events.sse`).toString();
    const differing: number[] = [];
    for (let cut = 1; cut < bytes.length; cut++) {
      const chunks = await chatOf(bytes.subarray(0, cut), bytes.subarray(cut));
      const told = await textOf(streamMessage(chunks, assemblerFor(name), { headers: {} }).body);
      if (told !== expected) differing.push(cut);
    }
    expect(differing).toEqual([]);
  });
});
