import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { decodeResponsesRequest } from './decode-request.js';
import type { ChatChunk } from '../../chat/chat-chunk.js';
import { encodeEvents, ResponseAssembler } from './response-assembler.js';

const origin = (members: object = {}) => ({
  id: 'resp_0123456789abcdef01234567',
  createdAt: 1_700_000_000,
  request: decodeResponsesRequest(JSON.stringify({ model: 'm', input: 'Hi', ...members })),
});

const delta = (members: object, finish: string | null = null): ChatChunk => ({
  choices: [{ delta: members, finish_reason: finish }],
});

const USAGE = { prompt_tokens: 7, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 5 } };

function play(chunks: readonly ChatChunk[], members: object = {}) {
  const assembler = new ResponseAssembler(origin(members));
  const events = [
    ...assembler.begin(),
    ...chunks.flatMap((chunk) => assembler.take(chunk)),
    ...assembler.finish(5_000),
  ];
  return { events, types: events.map(({ type }) => type), assembler };
}

describe('the events of a response', () => {
  it('tell of one answer where the engine was made to give several', () => {
    const other = (content: string): ChatChunk => ({ choices: [{ index: 1, delta: { content } }] });
    const { assembler } = play([
      other('No'),
      delta({ content: 'Yes' }),
      other('!'),
      delta({}, 'stop'),
      { choices: [{ index: 1, delta: {}, finish_reason: 'length' }] },
    ]);
    expect(assembler.progress).toMatchObject({
      status: 'completed',
      output: [{ content: [{ text: 'Yes' }] }],
    });
  });

  it('tell calls of functions in a namespace as the client knows them', () => {
    const group = { type: 'namespace', name: 'mail', tools: [{ type: 'function', name: 'send' }] };
    const call = { index: 0, id: 'c', function: { name: 'mail__send', arguments: '{}' } };
    const { events, assembler } = play([delta({ tool_calls: [call] }), delta({}, 'tool_calls')], {
      tools: [group],
    });
    const told = { type: 'function_call', call_id: 'c', name: 'send', namespace: 'mail', arguments: '{}' };
    expect(assembler.progress.output).toMatchObject([told]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'response.function_call_arguments.done', name: 'send' }),
    );
  });

  it('tell of a message from its announcement to its end, numbered without a gap', () => {
    const { events, types } = play([
      delta({ role: 'assistant', content: null }),
      delta({ content: 'Hel' }),
      delta({ content: 'lo' }),
      delta({}, 'stop'),
      { choices: [], usage: USAGE },
    ]);
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map((event) => event.sequence_number)).toEqual([...events.keys()]);
    expect(events.at(-1)).toMatchObject({
      response: {
        status: 'completed',
        output_text: 'Hello',
        output: [{ type: 'message', status: 'completed', content: [{ type: 'output_text', text: 'Hello' }] }],
        usage: {
          input_tokens: 7,
          output_tokens: 3,
          total_tokens: 10,
          input_tokens_details: { cached_tokens: 5 },
        },
      },
    });
  });

  it('tell of reasoning, text and parallel calls as items of their own', () => {
    const { events, types } = play([
      delta({ reasoning_content: 'Hm' }),
      delta({ content: 'So' }),
      delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
      delta({ tool_calls: [{ index: 1, id: 'b', function: { name: 'g', arguments: '{}' } }] }, 'tool_calls'),
    ]);
    const added = events.filter(({ type }) => type === 'response.output_item.added');
    expect(added.map((event) => event['output_index'])).toEqual([0, 1, 2, 3]);
    expect(events.at(-1)).toMatchObject({
      response: {
        output: [
          { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'Hm' }] },
          { type: 'message', content: [{ text: 'So' }] },
          { type: 'function_call', call_id: 'a', name: 'f', arguments: '{"x":1}' },
          { type: 'function_call', call_id: 'b', name: 'g', arguments: '{}' },
        ],
      },
    });
    expect(types.filter((type) => type === 'response.output_item.done')).toHaveLength(4);
  });

  it('are the same, with the same ids, whoever tells them again', () => {
    const chunks = [delta({ content: 'a' }), delta({ content: 'b' }, 'stop')];
    expect(encodeEvents(play(chunks).events)).toBe(encodeEvents(play(chunks).events));
  });

  it('end as incomplete when the token limit cut the answer', () => {
    const { events } = play([delta({ content: 'a' }, 'length')]);
    expect(events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    });
  });

  it('end as failed with the engine message, keeping what was said', () => {
    const assembler = new ResponseAssembler(origin());
    const events = [...assembler.begin(), ...assembler.take(delta({ content: 'half' }))];
    events.push(...assembler.fail(new LongshoreError('worker_lost', 'It is gone.'), 0));
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: {
        status: 'failed',
        error: { code: 'server_error', message: 'It is gone.' },
        output: [{ status: 'incomplete', content: [{ text: 'half' }] }],
      },
    });
  });

  it('hold a message also when the model said nothing', () => {
    expect(play([delta({}, 'stop')]).events.at(-1)).toMatchObject({
      response: {
        status: 'completed',
        output: [{ type: 'message', content: [{ text: '' }] }],
        output_text: '',
      },
    });
  });

  it('begin with queued when nobody waits for the answer', () => {
    expect(play([], { background: true }).types.slice(0, 3)).toEqual([
      'response.created',
      'response.queued',
      'response.in_progress',
    ]);
  });
});
