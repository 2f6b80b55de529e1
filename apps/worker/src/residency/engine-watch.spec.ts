import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineSession, type EngineExit, type LifeSign, type ProcessPulse } from '#engines';
import { Logger } from '#observability';
import { EngineWatch } from './engine-watch.js';

const LIMIT = 300_000;
const SECOND = 1_000;

/** An engine that is as it is told to be; at first it computes, and answers no question. */
class ScriptedEngine extends EngineSession {
  readonly slots = 2;
  readonly endpoint = { socketPath: '/nowhere' };
  pid = 7;
  killedFor: string | undefined;
  questions = 0;
  looks = 0;
  halted = false;
  answer: LifeSign | undefined;
  workPerLook = 500;
  private exit!: (exit: EngineExit) => void;
  readonly exited = new Promise<EngineExit>((resolve) => (this.exit = resolve));

  override lifeSign(signal: AbortSignal): Promise<LifeSign> {
    this.questions++;
    if (this.answer !== undefined) return Promise.resolve(this.answer);
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve('silent')));
  }

  override async pulse(): Promise<ProcessPulse> {
    this.looks++;
    return { work: this.looks * this.workPerLook, halted: this.halted };
  }

  override kill(why: string): void {
    this.killedFor = why;
  }

  async stop(): Promise<void> {
    this.exit({ code: 0, signal: null, reason: 'stopped' });
    await this.exited;
  }
}

describe('the watch over an engine', () => {
  let engine: ScriptedEngine;
  let stuck: number;
  let lines: string[];
  let watch: EngineWatch;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    engine = new ScriptedEngine();
    stuck = 0;
    lines = [];
    watch = new EngineWatch({
      identity: { modelId: 'm', mode: 'completion' },
      engine,
      limit: LIMIT,
      onStuck: () => void stuck++,
      logger: new Logger({ level: 'info', format: 'json', write: (line) => void lines.push(line) }),
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  const request = () => ({ lastActivity: 1, paused: false });
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  it('kills it, once, when it owes an answer and does not say that it works', async () => {
    watch.owes(request());
    await pass(265 * SECOND);
    expect(engine.killedFor).toBeUndefined();
    await pass(10 * SECOND);
    expect(engine.killedFor).toMatch(/^The engine was stuck and was ended: it sent nothing for 270 s/);
    await pass(2 * LIMIT);
    expect([stuck, engine.questions]).toEqual([1, 1]);
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { message: 'An engine is stuck and is killed', reason: expect.stringMatching(/270 s/) },
    ]);
  });

  it('kills one that was stopped sooner', async () => {
    engine.halted = true;
    watch.owes(request());
    await pass(36 * SECOND);
    expect(engine.killedFor).toMatch(/stopped by a signal/);
  });

  it('kills one sooner that neither computes nor answers', async () => {
    engine.workPerLook = 0;
    watch.owes(request());
    await pass(160 * SECOND);
    expect(engine.killedFor).toMatch(/computed nothing/);
  });

  it('kills one that listens and computes nothing', async () => {
    engine.workPerLook = 0;
    engine.answer = 'listening';
    watch.owes(request());
    await pass(265 * SECOND);
    expect(engine.killedFor).toBeUndefined();
    await pass(15 * SECOND);
    expect(engine.killedFor).toMatch(/computed nothing/);
  });

  it('leaves it alone while it sends something in one of the answers', async () => {
    const [flowing, waiting] = [request(), request()];
    watch.owes(flowing);
    watch.owes(waiting);
    for (let round = 0; round < 10; round++) {
      await pass(250 * SECOND);
      flowing.lastActivity++;
    }
    expect(engine.killedFor).toBeUndefined();
  });

  it('leaves it alone while it says that it works', async () => {
    engine.answer = 'working';
    watch.owes(request());
    await pass(10 * LIMIT);
    expect(engine.killedFor).toBeUndefined();
    expect(engine.questions).toBeGreaterThan(10);
  });

  it('counts no time in which it owes nothing, or in which its clients do not read', async () => {
    watch.owes({ ...request(), paused: true });
    await pass(2 * LIMIT);
    const end = watch.owes(request());
    end();
    await pass(2 * LIMIT);
    expect([engine.killedFor, engine.looks]).toEqual([undefined, 0]);
  });

  it('does not mind requests that come and go while it is silent', async () => {
    for (let round = 0; round < 10; round++) {
      const end = watch.owes(request());
      await pass(20 * SECOND);
      end();
      await pass(10 * SECOND);
    }
    expect(engine.killedFor).toMatch(/270 s/);
  });

  it('looks no more at one that has nothing to do and has answered', async () => {
    engine.answer = 'working';
    const end = watch.owes(request());
    await pass(20 * SECOND);
    end();
    await pass(20 * SECOND);
    const { looks } = engine;
    await pass(2 * LIMIT);
    expect(engine.looks).toBe(looks);
  });

  it('takes no time for silence in which this process itself was stopped', async () => {
    watch.owes(request());
    await pass(20 * SECOND);
    const before = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => before + 10 * LIMIT);
    await pass(20 * SECOND);
    expect(engine.killedFor).toBeUndefined();
  });

  it('only tells of a server that others run', async () => {
    engine.pid = -1;
    watch.owes(request());
    await pass(280 * SECOND);
    expect([engine.killedFor, stuck]).toEqual([undefined, 0]);
    expect(lines.join()).toMatch(/A server that others run is silent/);
  });

  it('ends with its engine', async () => {
    watch.owes(request());
    await pass(20 * SECOND);
    await engine.stop();
    await pass(2 * LIMIT);
    expect([engine.killedFor, engine.questions, vi.getTimerCount()]).toEqual([undefined, 0, 0]);
  });
});
