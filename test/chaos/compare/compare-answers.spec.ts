import { describe, expect, it } from 'vitest';
import { compareAnswers, NO_DIFFERENCE } from './compare-answers.js';
import { normalise } from './normalise.js';

const chunk = (text: string, id = 'chatcmpl-a'): string =>
  `data: {"choices":[{"delta":{"content":"${text}"}}],"created":${Math.floor(Math.random() * 1e6)},"id":"${id}"}`;
const DONE = 'data: [DONE]';
const stream = (id: string): string[] => [
  ...Array.from({ length: 30 }, (_, index) => chunk(`n${index}`, id)),
  DONE,
];
const EXPECTED = normalise(stream('chatcmpl-a'));
const differenceOf = (change: (events: string[]) => string[]) =>
  compareAnswers(EXPECTED, normalise(change(stream('chatcmpl-b'))));
const BYTES = Buffer.byteLength(EXPECTED[10] ?? '');

describe('two runs of one request', () => {
  it('are the same but for ids and times', () => {
    expect(differenceOf((events) => events)).toBe(NO_DIFFERENCE);
  });

  it('differ by an event that was lost', () => {
    expect(differenceOf((events) => events.toSpliced(10, 1))).toMatchObject({
      bytesLost: BYTES,
      bytesRepeated: 0,
      wrong: false,
      detail: expect.stringMatching(/^event 11 of 31 should be .*n10.* and is .*n11.*; 30 events came$/),
    });
  });

  it('differ by an event that was repeated', () => {
    const repeat = (events: string[]): string[] => events.toSpliced(11, 0, events[10] ?? '');
    expect(differenceOf(repeat)).toMatchObject({ bytesLost: 0, bytesRepeated: BYTES, wrong: false });
  });

  it('differ by a stretch that was sent again and one that was left out', () => {
    const both = (events: string[]): string[] => [
      ...events.slice(0, 8),
      ...events.slice(5, 20),
      ...events.slice(22),
    ];
    expect(differenceOf(both)).toMatchObject({ wrong: false });
    expect(differenceOf(both).bytesLost).toBe(2 * BYTES);
    expect(differenceOf(both).bytesRepeated).toBeGreaterThan(2 * BYTES);
  });

  it('differ by one wrong byte', () => {
    const change = (events: string[]): string[] => events.with(10, chunk('m10', 'chatcmpl-b'));
    expect(differenceOf(change)).toMatchObject({ bytesLost: 0, bytesRepeated: 0, wrong: true });
  });

  it('differ by one byte that was lost within an event', () => {
    const change = (events: string[]): string[] =>
      events.with(10, chunk('n1', 'chatcmpl-b').replace('n1', 'n'));
    expect(differenceOf(change)).toMatchObject({ wrong: true });
  });

  it('differ by a missing end', () => {
    const bytesLost = Buffer.byteLength(DONE);
    expect(differenceOf((events) => events.slice(0, -1))).toMatchObject({ bytesLost, wrong: false });
  });

  it('differ by an id that changes on the way', () => {
    const change = (events: string[]): string[] => events.with(10, chunk('n10', 'chatcmpl-c'));
    expect(differenceOf(change)).toMatchObject({ wrong: true });
  });

  it('differ by two events that changed places', () => {
    const swap = (events: string[]): string[] => events.with(10, events[11] ?? '').with(11, events[10] ?? '');
    expect(differenceOf(swap)).toMatchObject({ bytesLost: BYTES, bytesRepeated: BYTES });
  });
});

describe('normalise', () => {
  it('leaves alone what an answer says', () => {
    const text = String.raw`{"content":"\"id\":\"mine\",\"created\":5","created":7,"id":"x","timings":{"a":1.5}}`;
    expect(normalise([text])).toEqual([String.raw`{"content":"\"id\":\"mine\",\"created\":5"} id 1`]);
  });

  it('does not care where in an event its id and its time stand', () => {
    const [first] = normalise(['{"choices":[],"created":7,"id":"x","model":"m","usage":{"total_tokens":3}}']);
    const [second] = normalise([
      '{"id":"y","created":8,"choices":[],"model":"m","usage":{"total_tokens":3}}',
    ]);
    expect(first).toBe(second);
    expect(first).toBe('{"choices":[],"model":"2","usage":{"total_tokens":3}} id 1');
  });

  it('tells an id that is given twice from two ids', () => {
    const calls = (one: string, other: string): string[] =>
      normalise([`{"calls":[{"id":"${one}","index":0},{"id":"${other}","index":1}],"id":"x"}`]);
    expect(calls('a', 'b')).toEqual(calls('c', 'd'));
    expect(calls('a', 'b')).not.toEqual(calls('a', 'a'));
  });

  it('notices a model that changes on the way', () => {
    const models = (...names: readonly string[]): string[] =>
      normalise(names.map((name) => `{"model":"${name}"}`));
    expect(models('a', 'a')).toEqual(models('b', 'b'));
    expect(models('a', 'a')).not.toEqual(models('a', 'b'));
  });
});
