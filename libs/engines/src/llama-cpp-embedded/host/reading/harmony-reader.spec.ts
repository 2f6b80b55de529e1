import { describe, expect, it } from 'vitest';
import { HarmonyReader } from './harmony-reader.js';

function read(pieces: Iterable<string>): string[] {
  const reader = new HarmonyReader(() => 'id');
  const parts = [...[...pieces].flatMap((piece) => reader.push(piece)), ...reader.flush()];
  const merged: string[] = [];
  for (const part of parts) {
    const kind = part.kind === 'call' ? `call ${part.call.index} ${part.call.name}: ` : `${part.kind}: `;
    const text = part.kind === 'call' ? '' : part.text;
    if (merged.at(-1)?.startsWith(kind) === true) merged[merged.length - 1] += text;
    else merged.push(kind + text);
  }
  return merged;
}

const ANSWER =
  '<|channel|>analysis<|message|>I think < so.<|end|><|start|>assistant<|channel|>commentary to=functions.time <|constrain|>json<|message|>{"a": 1}<|call|>';

describe('HarmonyReader', () => {
  it('tells reasoning and calls apart, whole and character by character', () => {
    const parts = ['reasoning: I think < so.', 'call 0 time: ', 'arguments: {"a": 1}'];
    expect(read([ANSWER])).toEqual(parts);
    expect(read(ANSWER)).toEqual(parts);
  });

  it('takes the final channel, and what has no channel, for text', () => {
    expect(read('<|channel|>final<|message|>Hello.<|return|>')).toEqual(['text: Hello.']);
    expect(read('Hello.')).toEqual(['text: Hello.']);
  });
});
