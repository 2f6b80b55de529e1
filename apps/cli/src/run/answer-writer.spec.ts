import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { OutputStream } from '../command-context.js';
import { coloursFor } from '../output/colours.js';
import { AnswerWriter } from './answer-writer.js';
import type { ChatPart } from './ask-chat.js';

function written(parts: readonly ChatPart[], { terminal = true, showThinking = true, columns = 20 } = {}) {
  const texts = { out: '', error: '' };
  const stream = (name: 'out' | 'error'): OutputStream =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _, done) {
          texts[name] += chunk.toString();
          done();
        },
      }),
      { isTTY: terminal, columns },
    );
  const options = { stdout: stream('out'), stderr: stream('error'), showThinking };
  const writer = new AnswerWriter({ ...options, colours: coloursFor(false) });
  for (const part of parts) writer.write(part);
  writer.end();
  return texts;
}

const text = (value: string): ChatPart => ({ kind: 'text', text: value });
const thought = (value: string): ChatPart => ({ kind: 'reasoning', text: value });
const notice = (value: string): ChatPart => ({ kind: 'notice', text: value });

describe('the writer of an answer', () => {
  it('puts what the model thinks before the answer, with a line between them', () => {
    expect(written([thought('Hm'), thought('…'), text('Yes')]).out).toBe('Thinking:\nHm…\n--\nYes\n');
  });

  it('ends with the end of a line, and makes no second one', () => {
    expect(written([text('a\n')]).out).toBe('a\n');
    expect(written([]).out).toBe('');
  });

  it('shows what a request waits for in one line, cut to the terminal, which goes before the answer comes', () => {
    const { error } = written([notice('queued position=12 eta=4.2s'), notice('running'), text('a')]);
    expect(error).toBe('\r\u001b[2KWaiting in the queu\r\u001b[2KReading the prompt \r\u001b[2K');
  });

  it('takes a terminal that says it has no columns for one of the usual size', () => {
    const { error } = written([notice('running')], { columns: 0 });
    expect(error).toBe('\r\u001b[2KReading the prompt …\r\u001b[2K');
  });

  it('says nothing of waiting where nobody looks', () => {
    expect(written([notice('running'), text('a')], { terminal: false }).error).toBe('');
  });

  it('keeps what the model says from steering the terminal, and nothing from a pipe', () => {
    const steering = '\u001b[2Ja\tb\u0007';
    expect(written([text(steering)]).out).toBe('[2Ja\tb\n');
    expect(written([text(steering)], { terminal: false }).out).toBe(`${steering}\n`);
  });

  it('says that the model thinks where thinking is not shown', () => {
    const { out, error } = written([thought('Hm'), text('Yes')], { showThinking: false });
    expect(out).toBe('Yes\n');
    expect(error).toContain('Thinking …');
  });
});
