import { describe, expect, it, vi } from 'vitest';
import type { ProgressLine, PullEvent } from '#contracts';
import { progressLines } from './progress-lines.js';

const QUIET_MS = 20;
const LONG_MS = 60_000;

const note = (message: string): PullEvent => line({ message, layer: { size: 0, current: 0 } });
const bytes = (current: number): PullEvent => line({ layer: { id: 'sha256:1', size: 9, current } });
const success: PullEvent = {
  version: 1,
  reference: 'r',
  outcome: { ok: true, modelId: 'm', message: 'Model pulled successfully' },
};
const failure: PullEvent = {
  version: 1,
  reference: 'r',
  outcome: { ok: false, failure: 'unauthorized', message: 'no' },
};

function line(rest: Partial<ProgressLine>): PullEvent {
  const layer = { size: 0, current: 0 };
  return {
    version: 1,
    reference: 'r',
    line: { type: 'progress', message: '', total: 9, layer, mode: 'pull', ...rest },
  };
}

async function* from(...events: readonly (PullEvent | Promise<PullEvent>)[]): AsyncGenerator<PullEvent> {
  for (const event of events) yield await event;
}

async function read(events: AsyncIterable<PullEvent>, quietMs = LONG_MS): Promise<ProgressLine[]> {
  const lines: ProgressLine[] = [];
  for await (const chunk of progressLines(events, quietMs)) {
    const text = chunk.toString();
    expect(text.endsWith('\n')).toBe(true);
    for (const part of text.trimEnd().split('\n')) lines.push(JSON.parse(part) as ProgressLine);
  }
  return lines;
}

describe('progressLines', () => {
  it('holds notes back until bytes flow, so that an early failure still has a status', async () => {
    await expect(read(from(note('queued'), failure))).rejects.toMatchObject({
      status: 401,
      message: 'Unauthorized',
    });
  });

  it('loses none of the notes it held back', async () => {
    const lines = await read(from(note('queued'), note('started'), bytes(4), success));
    expect(lines.map(({ type, message }) => [type, message])).toEqual([
      ['progress', 'queued'],
      ['progress', 'started'],
      ['progress', ''],
      ['success', 'Model pulled successfully'],
    ]);
  });

  it('says something when nothing happens for too long', async () => {
    let release = (): void => undefined;
    const late = new Promise<PullEvent>((resolve) => (release = () => resolve(failure)));
    const lines: string[] = [];
    for await (const chunk of progressLines(from(note('queued'), late), QUIET_MS)) {
      lines.push(chunk.toString());
      if (lines.length === 2) release();
    }
    expect(lines[0]).toMatch(/"queued".*\n.*"Still pulling/);
    expect(lines[1]).toMatch(/"Still pulling/);
    expect(lines.at(-1)).toMatch(/"type":"error","message":"Error: no"/);
  });

  it('says that a pull of which nothing was heard waits for a worker', async () => {
    let release = (): void => undefined;
    const late = new Promise<PullEvent>((resolve) => (release = () => resolve(success)));
    const lines: string[] = [];
    for await (const chunk of progressLines(from(late), QUIET_MS)) {
      lines.push(chunk.toString());
      release();
    }
    expect(lines[0]).toMatch(/"Waiting for a worker/);
  });

  it('holds nothing back for longer than that, also when notes keep coming', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    try {
      async function* places(): AsyncGenerator<PullEvent> {
        for (let ahead = 9; ; ahead--) {
          now += LONG_MS / 4;
          yield note(`${ahead} pulls come first`);
        }
      }
      for await (const chunk of progressLines(places(), LONG_MS)) {
        expect(chunk.toString()).toMatch(/"9 pulls come first".*\n.*"8 pulls/);
        break;
      }
      expect(now).toBe(LONG_MS);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('stops following when nobody reads any longer', async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<PullEvent> {
      try {
        for (;;) yield bytes(1);
      } finally {
        ended = true;
      }
    }
    for await (const chunk of progressLines(endless())) if (chunk.length > 0) break;
    expect(ended).toBe(true);
  });
});
