import { describe, expect, it } from 'vitest';
import type { ChatChunk } from '../../chat/chat-chunk.js';
import { MessageAssembler, type MessageOptions } from './message-assembler.js';

function assemble(chunks: readonly ChatChunk[], options: Partial<MessageOptions> = {}) {
  const assembler = new MessageAssembler({
    id: 'msg_1',
    model: 'm',
    maxTokens: 100,
    stopSequences: [],
    showThinking: true,
    eagerTools: new Set(),
    ...options,
  });
  const events = [...chunks.flatMap((chunk) => assembler.take(chunk)), ...assembler.finish()];
  return { events, types: events.map(({ type }) => type), message: assembler.message };
}

const says = (delta: object, members: object = {}): ChatChunk => ({ choices: [{ delta, ...members }] });
const call = (index: number, args: string, members: object = {}): ChatChunk =>
  says({ tool_calls: [{ index, function: { name: 'f', arguments: args }, ...members }] });
const END = says({}, { finish_reason: 'stop' });

describe('a message', () => {
  it('without a word has no content', () => {
    const { types, message } = assemble([END]);
    expect(types).toEqual(['message_start', 'ping', 'message_delta', 'message_stop']);
    expect(message).toMatchObject({ content: [], stop_reason: 'end_turn' });
  });

  it('keeps thoughts to itself where the caller does not want them', () => {
    const { message, events } = assemble(
      [says({ reasoning_content: 'secret' }), says({ content: 'x' }), END],
      {
        showThinking: false,
      },
    );
    expect(message).toMatchObject({
      content: [{ type: 'thinking', thinking: '', signature: expect.stringMatching(/./) }, { type: 'text' }],
    });
    expect(JSON.stringify(events)).not.toContain('secret');
  });

  it('tells at its start how long the prompt is, where the engine says so at once', () => {
    const { events } = assemble([{ ...says({ content: 'x' }), timings: { prompt_n: 3, cache_n: 4 } }, END]);
    expect(events[0]).toMatchObject({ message: { usage: { input_tokens: 3, cache_read_input_tokens: 4 } } });
  });

  it('gives a tool call an id of its own where the engine gives none', () => {
    const { message } = assemble([call(0, '{}'), call(1, '{}'), END], { id: 'msg_ab' });
    expect(message).toMatchObject({
      content: [{ id: 'toolu_ab0' }, { id: 'toolu_ab1' }],
      stop_reason: 'tool_use',
    });
  });

  it('tells the input of a tool as the model wrote it', () => {
    const json = '{"n": 12345678901234567890}';
    const { events } = assemble([call(0, json), END]);
    expect(events).toContainEqual({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json: json },
    });
  });

  it('says that it is alive while a long input is written', () => {
    const pieces = Array.from({ length: 120 }, (_, index) => call(0, index === 0 ? '{"a":"' : 'x'));
    const { types } = assemble([...pieces, call(0, '"}'), END]);
    expect(types.filter((type) => type === 'ping')).toHaveLength(3);
  });

  it('takes blanks between tool calls for no text', () => {
    const { message } = assemble([call(0, '{}'), says({ content: '\n' }), call(1, '{}'), END]);
    expect(message).toMatchObject({ content: [{ type: 'tool_use' }, { type: 'tool_use' }] });
  });

  it('counts as cut off by the limit only where it is as long as that', () => {
    const ended = (completion_tokens: number) =>
      assemble([says({ content: 'x' }, { finish_reason: 'length' }), { usage: { completion_tokens } }])
        .message;
    expect(ended(100)).toMatchObject({ stop_reason: 'max_tokens' });
    expect(ended(40)).toMatchObject({ stop_reason: 'model_context_window_exceeded' });
  });

  it('names no stop sequence that the caller did not give', () => {
    const { message } = assemble([says({}, { finish_reason: 'stop', stop_reason: '<|eot|>' })], {
      stopSequences: ['END'],
    });
    expect(message).toMatchObject({ stop_reason: 'end_turn', stop_sequence: null });
  });

  it.each([
    ['vLLM', { finish_reason: 'stop', stop_reason: 'END' }],
    ['SGLang', { finish_reason: 'stop', matched_stop: 'END' }],
  ])('names the stop sequence that %s says has ended it', (_, members) => {
    const { message } = assemble([says({}, members)], { stopSequences: ['END'] });
    expect(message).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' });
  });

  it('fails where the engine goes back to a tool call that was over', () => {
    expect(() => assemble([call(0, '{'), call(1, '{}'), call(0, '}')])).toThrow('after it had begun another');
  });

  it('fails where the engine does not say why it ended', () => {
    expect(() => assemble([says({ content: 'x' })])).toThrow('in the middle of the answer');
  });
});
