import { describe, expect, it } from 'vitest';
import { completeCommand } from './help.js';
import { InputReader } from './input-reader.js';
import { readSetting } from './read-setting.js';

describe('lines at the prompt', () => {
  it('are messages, commands or nothing', () => {
    const reader = new InputReader();
    expect(reader.take('  Hi there ')).toEqual({ kind: 'message', text: 'Hi there' });
    expect(reader.take('   ')).toEqual({ kind: 'nothing' });
    expect(reader.take('/SET system  Be terse.')).toEqual({
      kind: 'command',
      name: '/set',
      rest: 'system  Be terse.',
    });
    expect(reader.take('/bye')).toEqual({ kind: 'command', name: '/bye', rest: '' });
  });

  it('that begin with a path are no commands', () => {
    const line = '/home/me/cat.png what is this';
    expect(new InputReader().take(line)).toEqual({ kind: 'message', text: line });
  });

  it('between three quotation marks are one message, commands and empty lines included', () => {
    const reader = new InputReader();
    expect(reader.take('"""One')).toEqual({ kind: 'more' });
    expect(reader.within).toBe(true);
    expect(reader.take('')).toEqual({ kind: 'more' });
    expect(reader.take('/bye')).toEqual({ kind: 'more' });
    expect(reader.take('two"""')).toEqual({ kind: 'message', text: 'One\n\n/bye\ntwo' });
    expect(reader.within).toBe(false);
    expect(reader.take('"""one line"""')).toEqual({ kind: 'message', text: 'one line' });
  });

  it('that are pasted together stay together until Enter is pressed', () => {
    const reader = new InputReader();
    expect(reader.take('/one', { pasted: true })).toEqual({ kind: 'more' });
    expect(reader.take('two')).toEqual({ kind: 'message', text: '/one\ntwo' });
  });

  it('that were begun can be given up', () => {
    const reader = new InputReader();
    reader.take('"""One');
    reader.reset();
    expect(reader.take('Hi')).toEqual({ kind: 'message', text: 'Hi' });
  });
});

describe('a setting', () => {
  it.each([
    ['system "Be terse."', { kind: 'system', text: 'Be terse.' }],
    ['system', { kind: 'system', text: '' }],
    ['num_ctx 8192', { kind: 'context', tokens: 8192 }],
    ['parameter num_ctx 8192', { kind: 'context', tokens: 8192 }],
    ['temperature 0.2', { kind: 'sampling', name: 'temperature', sampling: { temperature: 0.2 } }],
    ['parameter top_p 0.9', { kind: 'sampling', name: 'top_p', sampling: { topP: 0.9 } }],
    ['max_tokens 5', { kind: 'sampling', name: 'max_tokens', sampling: { maxTokens: 5 } }],
    ['nohistory', { kind: 'history', kept: false }],
    ['think', { kind: 'thinking', shown: true }],
  ])('%j is understood', (text, setting) => {
    expect(readSetting(text)).toEqual(setting);
  });

  it.each([
    ['num_ctx 0', /^num_ctx must be a whole number above 0/],
    ['num_ctx many', /^num_ctx must be/],
    ['top_p 2', 'top_p must be a number from 0 to 1.'],
    ['max_tokens 1.5', 'max_tokens must be a whole number of at least 1.'],
    ['temperature', 'temperature must be a number from 0 to 100.'],
    ['colour red', /^There is no "colour" to set/],
    ['', /^\/set system TEXT/],
  ])('%j is refused with a sentence', (text, words) => {
    expect(readSetting(text)).toEqual({ kind: 'unusable', message: expect.stringMatching(words) });
  });
});

describe('completion at the prompt', () => {
  it('is of commands, and of nothing else', () => {
    expect(completeCommand('/s')).toEqual([['/set', '/show'], '/s']);
    expect(completeCommand('/set x')).toEqual([[], '/set x']);
    expect(completeCommand('Hi')).toEqual([[], 'Hi']);
  });
});
