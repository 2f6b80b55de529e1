import { describe, expect, it } from 'vitest';
import { Backlog } from './backlog.js';
import { Outbox } from './outbox.js';

const INTERVAL = 50;

const ask =
  (heard: boolean | undefined): (() => Promise<boolean | undefined>) =>
  () =>
    Promise.resolve(heard);

describe('an outbox nobody listens to', () => {
  const silent = (): Outbox => {
    const outbox = new Outbox('gw', 'channel', new Backlog(async () => 0));
    outbox.answered(false, 1_000);
    return outbox;
  };

  it('counts the time that answers cover', async () => {
    const outbox = silent();
    for (let probe = 1; probe <= 4; probe++) {
      const now = 1_000 + probe * INTERVAL;
      expect(await outbox.probe(ask(false), now, INTERVAL)).toEqual({
        heard: false,
        silence: probe * INTERVAL,
      });
    }
  });

  it('does not count the time in which Redis did not answer, or nobody asked', async () => {
    const outbox = silent();
    expect(await outbox.probe(ask(undefined), 1_050, INTERVAL)).toBeUndefined();
    expect(await outbox.probe(ask(false), 60_000, INTERVAL)).toEqual({ heard: false, silence: 2 * INTERVAL });
    expect(await outbox.probe(ask(false), 60_050, INTERVAL)).toEqual({ heard: false, silence: 3 * INTERVAL });
  });

  it('asks one question at a time', async () => {
    const outbox = silent();
    let answer: (heard: boolean) => void = () => undefined;
    const first = outbox.probe(() => new Promise((resolve) => (answer = resolve)), 1_050, INTERVAL);
    expect(await outbox.probe(ask(false), 1_100, INTERVAL)).toBeUndefined();
    answer(false);
    expect(await first).toEqual({ heard: false, silence: INTERVAL });
  });

  it('begins to count anew when somebody had listened', async () => {
    const outbox = silent();
    await outbox.probe(ask(false), 1_050, INTERVAL);
    expect(await outbox.probe(ask(true), 1_100, INTERVAL)).toEqual({ heard: true, silence: 0 });
    expect(await outbox.probe(ask(false), 1_150, INTERVAL)).toBeUndefined();
    outbox.answered(false, 1_200);
    expect(await outbox.probe(ask(false), 1_250, INTERVAL)).toEqual({ heard: false, silence: INTERVAL });
  });

  it('asks nothing while it is heard', async () => {
    const outbox = new Outbox('gw', 'channel', new Backlog(async () => 0));
    outbox.answered(true, 1_000);
    expect(await outbox.probe(ask(false), 1_050, INTERVAL)).toBeUndefined();
  });
});
