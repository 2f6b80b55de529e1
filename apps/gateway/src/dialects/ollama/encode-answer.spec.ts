import { describe, expect, it } from 'vitest';
import { AnswerEncoder } from './encode-answer.js';

const TIME = '2026-01-01T00:00:00.000Z';
const encoder = () => new AnswerEncoder({ shape: 'chat', model: 'm', thinking: true, startedAt: 100 });
const says = (delta: object, members: object = {}) => ({ choices: [{ delta, ...members }] });
const call = (index: number, text: string, name?: string) =>
  says({ tool_calls: [{ index, ...(name && { id: `c${index}` }), function: { name, arguments: text } }] });

describe('AnswerEncoder', () => {
  it('takes the time itself where the engine does not tell it', () => {
    const answer = encoder();
    answer.take(says({ role: 'assistant', content: null }), 300);
    answer.take(says({ content: 'Hi' }), 400);
    answer.take(says({ content: '!' }, { finish_reason: 'stop' }), 700);
    answer.take({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }, 800);
    expect(answer.lastLine(900, TIME)).toMatchObject({
      total_duration: 800e6,
      load_duration: 300e6,
      prompt_eval_count: 3,
      prompt_eval_duration: 0,
      eval_count: 2,
      eval_duration: 500e6,
    });
  });

  it('leaves counts out that nobody tells', () => {
    const answer = encoder();
    answer.take(says({ content: 'Hi' }, { finish_reason: 'stop' }), 400);
    const line = answer.lastLine(900, TIME);
    expect(line).not.toHaveProperty('eval_count');
    expect(line).not.toHaveProperty('prompt_eval_count');
  });

  it('tells calls whole, one after the other', () => {
    const answer = encoder();
    expect(answer.take(call(0, '{"a"', 'f'), 1)).toBeUndefined();
    expect(answer.take(call(0, ':1}'), 1)).toBeUndefined();
    expect(answer.take(call(1, '', 'g'), 1)?.toolCalls).toEqual([
      { id: 'c0', function: { index: 0, name: 'f', arguments: { a: 1 } } },
    ]);
    expect(answer.take(says({}, { finish_reason: 'tool_calls' }), 1)?.toolCalls).toEqual([
      { id: 'c1', function: { index: 1, name: 'g', arguments: {} } },
    ]);
    expect(answer.lastLine(1, TIME)).toMatchObject({ done_reason: 'stop' });
  });

  it('leaves a call out that the answer ended in, and fails for one that is none', () => {
    const cut = encoder();
    cut.take(call(0, '{"a', 'f'), 1);
    expect(cut.take(says({}, { finish_reason: 'length' }), 1)).toBeUndefined();
    expect(cut.lastLine(1, TIME)).toMatchObject({ done_reason: 'length' });
    const wrong = encoder();
    wrong.take(call(0, '[1]', 'f'), 1);
    expect(() => wrong.take(says({}, { finish_reason: 'tool_calls' }), 1)).toThrow('called f with arguments');
  });

  it('keeps thoughts to itself where they are not wanted', () => {
    const answer = new AnswerEncoder({ shape: 'generate', model: 'm', thinking: false, startedAt: 0 });
    expect(answer.take(says({ reasoning_content: 'Hm.' }), 1)).toBeUndefined();
  });
});
