import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { EngineConnectionError, type EngineCall, type EngineResponse } from '../engine-client.js';
import { CannotContinue } from './cannot-continue.js';
import { replay } from './replay.js';

type Choice = Readonly<Record<string, unknown>>;

const NEVER = new AbortController().signal;
const DONE = 'data: [DONE]\n\n';

const event = (choices: readonly Choice[], id = 'new', more: object = {}): string =>
  `data: ${JSON.stringify({ choices, created: id === 'new' ? 2 : 1, id, object: 'chat.completion.chunk', ...more })}\n\n`;
const delta = (members: object, index = 0): Choice => ({ finish_reason: null, index, delta: members });
const finish = (reason: string, index = 0): Choice => ({ finish_reason: reason, index, delta: {} });
const role = delta({ role: 'assistant', content: null });
const call = (body: object = {}, signal = NEVER): EngineCall => ({
  route: '/v1/chat/completions',
  body: JSON.stringify({ stream: true, ...body }),
  signal,
});

function sending(...pieces: readonly (string | Buffer)[]) {
  return (): Promise<EngineResponse> =>
    Promise.resolve({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: Readable.from(pieces.map((piece) => Buffer.from(piece))),
    });
}

const nobody = (): Promise<never> => Promise.reject(new Error('The engine was asked.'));

async function textOf({ body }: EngineResponse): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

async function rest(delivered: string, again: string, body: object = {}): Promise<string> {
  return textOf(await replay(sending(again), call(body), Buffer.from(delivered)));
}

describe('replay', () => {
  it('cuts the event in which the boundary lies, and keeps the first id and time', async () => {
    const delivered = event([role], 'old') + event([delta({ content: 'Hel' })], 'old');
    const again = event([role]) + event([delta({ content: 'Hello' })]) + event([finish('stop')]) + DONE;
    expect(await rest(delivered, again)).toBe(
      event([delta({ content: 'lo' })], 'old') + event([finish('stop')], 'old') + DONE,
    );
  });

  it('finds what was delivered in smaller pieces too', async () => {
    const delivered = event([role], 'old') + event([delta({ content: 'Hello' })], 'old');
    const again =
      event([role]) + [...'Hello!'].map((letter) => event([delta({ content: letter })])).join('') + DONE;
    expect(await rest(delivered, again)).toBe(event([delta({ content: '!' })], 'old') + DONE);
  });

  it('cuts between the characters of a text, never inside one', async () => {
    const delivered = event([delta({ content: 'é🙂' })], 'old');
    expect(await rest(delivered, event([delta({ content: 'é🙂🙃ß' })]) + DONE)).toBe(
      event([delta({ content: '🙃ß' })], 'old') + DONE,
    );
  });

  it('follows reasoning into the content', async () => {
    const delivered = event([delta({ reasoning_content: 'Well' })], 'old');
    const again = event([delta({ reasoning_content: 'Well, ' })]) + event([delta({ content: 'yes' })]) + DONE;
    expect(await rest(delivered, again)).toBe(
      event([delta({ reasoning_content: ', ' })], 'old') + event([delta({ content: 'yes' })], 'old') + DONE,
    );
  });

  it('keeps the id of a tool call that was begun, and gives a new one its own', async () => {
    const part = (index: number, members: object): Choice => delta({ tool_calls: [{ index, ...members }] });
    const named = (index: number, id: string, json: string): Choice =>
      part(index, { id, type: 'function', function: { name: 'f', arguments: json } });
    const delivered = event([role], 'old') + event([named(0, 'a', '{"x"')], 'old');
    const again =
      event([role]) + event([named(0, 'b', '{"x": 1')]) + event([part(0, { function: { arguments: '}' } })]);
    expect(await rest(delivered, again + event([named(1, 'c', '{}')]) + DONE)).toBe(
      event([part(0, { function: { arguments: ': 1' } })], 'old') +
        event([part(0, { function: { arguments: '}' } })], 'old') +
        event([named(1, 'c', '{}')], 'old') +
        DONE,
    );
  });

  it('goes on with each choice where it stood', async () => {
    const delivered =
      event([role], 'old') +
      event([delta({ content: 'aaa' })], 'old') +
      event([delta({ role: 'assistant', content: null }, 1)], 'old');
    const again =
      event([delta({ role: 'assistant', content: null }, 1)]) +
      event([delta({ content: 'bb' }, 1)]) +
      event([role]) +
      event([delta({ content: 'aa' })]) +
      event([delta({ content: 'aa' })]) +
      event([finish('stop', 1)]) +
      event([finish('stop')]) +
      DONE;
    expect(await rest(delivered, again, { n: 2 })).toBe(
      event([delta({ content: 'bb' }, 1)], 'old') +
        event([delta({ content: 'a' })], 'old') +
        event([finish('stop', 1)], 'old') +
        event([finish('stop')], 'old') +
        DONE,
    );
  });

  it('cuts log probabilities with the text they belong to', async () => {
    const token = (text: string, logprob: number) => ({ token: text, logprob });
    const scored = (content: string, ...tokens: object[]): Choice => ({
      ...delta({ content }),
      logprobs: { content: tokens },
    });
    const delivered = event([scored('a', token('a', -0.5))], 'old');
    const again = event([scored('ab', token('a', -0.5000001), token('b', -2))]) + DONE;
    expect(await rest(delivered, again)).toBe(event([scored('b', token('b', -2))], 'old') + DONE);
  });

  it('goes on with raw completions', async () => {
    const text = (piece: string, reason: string | null = null): Choice => ({
      text: piece,
      index: 0,
      logprobs: null,
      finish_reason: reason,
    });
    const usage = { completion_tokens: 3 };
    const again =
      event([text('one ')]) + event([text('two')]) + event([text('', 'stop')], 'new', { usage }) + DONE;
    expect(await rest(event([text('one t')], 'old'), again)).toBe(
      event([text('wo')], 'old') + event([text('', 'stop')], 'old', { usage }) + DONE,
    );
  });

  it('gives usage once', async () => {
    const usage = { completion_tokens: 1 };
    const begun = event([delta({ content: 'a' })], 'old');
    const again =
      event([delta({ content: 'a' })]) + event([finish('stop')]) + event([], 'new', { usage }) + DONE;
    const body = { stream_options: { include_usage: true } };
    expect(await rest(begun + event([finish('stop')], 'old'), again, body)).toBe(
      event([], 'old', { usage }) + DONE,
    );
    const told = begun + event([finish('stop')], 'old') + event([], 'old', { usage });
    expect(await textOf(await replay(nobody, call(body), Buffer.from(told)))).toBe(DONE);
  });

  it.each([
    ['[DONE] when only that is missing', event([finish('stop')], 'old'), DONE],
    ['nothing after the end', event([finish('stop')], 'old') + DONE, ''],
    ['nothing after an error', `${event([role], 'old')}data: {"error":{"code":500}}\n\n`, ''],
  ])('asks nobody and gives %s', async (_, delivered, expected) => {
    expect(await textOf(await replay(nobody, call(), Buffer.from(delivered)))).toBe(expected);
  });

  it('gives the whole answer when nothing of it was delivered', async () => {
    const again = event([role]) + DONE;
    expect(await rest(': waiting\n\n', again)).toBe(again);
  });

  it('reads any line end, and comments between events', async () => {
    const delivered = `: hello\r\n\r\n${event([delta({ content: 'a' })], 'old').replaceAll('\n', '\r\n')}`;
    const again = `: ping\n\n${event([delta({ content: 'ab' })])}: ping\n\n${DONE}`.replaceAll('\n', '\r\n');
    expect(await rest(delivered, again)).toBe(
      `${event([delta({ content: 'b' })], 'old')}: ping\r\n\r\ndata: [DONE]\r\n\r\n`,
    );
  });

  it('reads events that come in pieces of any size', async () => {
    const again = Buffer.from(event([delta({ content: 'é🙂!' })]) + DONE);
    const bytes = Array.from(again, (byte) => Buffer.from([byte]));
    const response = await replay(
      sending(...bytes),
      call(),
      Buffer.from(event([delta({ content: 'é' })], 'old')),
    );
    expect(await textOf(response)).toBe(event([delta({ content: '🙂!' })], 'old') + DONE);
  });

  it('passes an error of the engine on', async () => {
    const error = 'data: {"error":{"code":500,"message":"full"}}\n\n';
    const delivered = event([delta({ content: 'abc' })], 'old');
    expect(await rest(delivered, event([delta({ content: 'a' })]) + error)).toBe(error);
  });

  it.each([
    ['another text', event([delta({ content: 'b' })])],
    ['a text that ends earlier', event([finish('stop')]) + DONE],
    ['a stream that ends earlier', ''],
    ['something else before it', event([delta({ reasoning_content: 'x' })])],
  ])('refuses %s', async (_, again) => {
    const delivered = event([role], 'old') + event([delta({ content: 'a' })], 'old');
    const failure = rest(delivered, event([role]) + again);
    await expect(failure).rejects.toThrow(CannotContinue);
    await expect(failure).rejects.toThrow('another answer');
  });

  it('refuses another reason to finish', async () => {
    const delivered = event([delta({ content: 'a' })], 'old') + event([finish('length')], 'old');
    const again = event([delta({ content: 'a' })]) + event([finish('stop')]) + DONE;
    const body = { stream_options: { include_usage: true } };
    await expect(rest(delivered, again, body)).rejects.toThrow('another answer');
  });

  it.each([
    ['half an event', event([role]).slice(0, -1), {}, 'in the middle of an event'],
    ['what is no completion', 'data: hello\n\n', {}, 'no stream of completion events'],
    ['an answer that was not streamed', event([role]), { stream: false }, 'Only an answer that is streamed'],
  ])('refuses to go on after %s', async (_, delivered, body, sentence) => {
    await expect(replay(nobody, call(body), Buffer.from(delivered))).rejects.toThrow(sentence);
  });

  it('gives a refusal of the engine as it is', async () => {
    const refusal = { status: 400, headers: {}, body: Readable.from([Buffer.from('{"error":{}}')]) };
    expect(await replay(() => Promise.resolve(refusal), call(), Buffer.from(event([role])))).toBe(refusal);
  });

  it('says that the engine broke off when it did, before and after the boundary', async () => {
    async function* broken(...pieces: string[]) {
      for (const piece of pieces) yield Buffer.from(piece);
      await Promise.resolve();
      throw new Error('socket hang up');
    }
    const sendBroken =
      (...pieces: string[]) =>
      async () => ({
        ...(await sending()()),
        body: Readable.from(broken(...pieces)),
      });
    const delivered = Buffer.from(event([delta({ content: 'ab' })], 'old'));
    const early = replay(sendBroken(event([delta({ content: 'a' })])), call(), delivered);
    await expect(early).rejects.toThrow(EngineConnectionError);
    const late = await replay(sendBroken(event([delta({ content: 'abc' })])), call(), delivered);
    await expect(textOf(late)).rejects.toThrow('socket hang up');
  });

  it('closes the engine’s stream when its reader leaves', async () => {
    const body = new Readable({ read: () => undefined });
    body.push(event([delta({ content: 'ab' })]));
    const send = async () => ({ ...(await sending()()), body });
    const response = await replay(send, call(), Buffer.from(event([delta({ content: 'a' })], 'old')));
    response.body.destroy();
    await new Promise((resolve) => body.once('close', resolve));
    expect(body.destroyed).toBe(true);
  });
});
