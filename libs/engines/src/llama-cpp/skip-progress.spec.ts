import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { skipProgress } from './skip-progress.js';

const REPORT = 'data: {"choices":[],"prompt_progress":{"total":3}}\n\n';
const TOKEN = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n';

async function through(...pieces: string[]): Promise<string> {
  const body = new PassThrough();
  const skipped = skipProgress(body);
  for (const piece of pieces) {
    body.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  body.end();
  await skipped;
  return (await body.setEncoding('utf8').toArray()).join('');
}

describe('skipProgress', () => {
  it('takes out the reports at the beginning and nothing else', async () => {
    expect(await through(REPORT + REPORT, REPORT, TOKEN + TOKEN, 'data: [DONE]\n\n')).toBe(
      `${TOKEN}${TOKEN}data: [DONE]\n\n`,
    );
  });

  it('leaves a stream without reports as it is', async () => {
    expect(await through(TOKEN, TOKEN)).toBe(TOKEN + TOKEN);
  });

  it('finds events that arrive in pieces', async () => {
    const whole = REPORT + TOKEN;
    expect(await through(...whole)).toBe(TOKEN);
  });

  it('does not take a text about reports for one', async () => {
    const text = `data: ${JSON.stringify({ content: '"prompt_progress":' })}\n\n`;
    expect(await through(text)).toBe(text);
  });

  it('resolves when the stream ends without an event', async () => {
    expect(await through()).toBe('');
  });

  it('passes on the error that ends the stream', async () => {
    const body = new PassThrough();
    const skipped = skipProgress(body);
    body.destroy(new Error('broken'));
    await expect(skipped).rejects.toThrow('broken');
    await expect(skipProgress(body)).rejects.toThrow('broken');
  });
});
