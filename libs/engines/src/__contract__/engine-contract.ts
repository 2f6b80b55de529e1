import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { descendantsOf, eventually, isAlive, makeTemporaryFolder, SCRIPTS } from '#testing';
import type { TemporaryFolder } from '#testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EngineStartError, type Engine, type EngineSession, type SessionSpec } from '../engine.js';
import { ask, askForText, askStreaming } from './ask.js';
import { GGUF_MODEL, type ContractModel } from './contract-model.js';

/** Generates until the context is full. */
const LOOP = SCRIPTS.loop.prompt;

/** Fills most of a context of 4096 tokens, so that it takes a while to compute, and then loops. */
const LONG_PROMPT = `${Array.from({ length: 500 }, (_, index) => `w${index}`).join(' ')} ${SCRIPTS.loop.prompt}`;

const NEVER = new AbortController().signal;

interface World {
  readonly folder: TemporaryFolder;
  readonly engine: Engine;
  readonly model: ContractModel;
  /** Starts a session that is stopped after the test. */
  start(changes?: Partial<SessionSpec>, signal?: AbortSignal): Promise<EngineSession>;
  stopAll(): Promise<void>;
}

/** What every engine driver promises, shown with a real engine and the scripted model. */
export function describeEngineContract(
  name: string,
  createEngine: () => Engine,
  model: ContractModel = GGUF_MODEL,
): void {
  describe(`${name} keeps the engine contract`, () => {
    let world: World | undefined;
    let session: EngineSession;
    let stop = async (): Promise<void> => undefined;
    const current = (): World => {
      if (world === undefined) throw new Error('The session of the suite did not start.');
      return world;
    };
    const shared = (): EngineSession => session;

    beforeAll(async () => {
      const engine = createEngine();
      world = await createWorld(engine, model);
      session = await world.engine.start(await specIn(world), NEVER);
      stop = () => session.stop(2_000);
    });
    afterEach(() => world?.stopAll());
    afterAll(async () => {
      await stop();
      await world?.folder.remove();
    });

    describeAnswers(shared);
    describeConcurrency(current, shared);
    describeEnds(current);
    describeFailures(current, model);
  });
}

/** What a session answers, whoever runs the engine behind it. It must serve the scripted model as `ai/scripted`. */
export function describeAnswers(session: () => EngineSession): void {
  it('answers the known text in one piece, with usage and the served name', async () => {
    const answer = await ask(session(), { prompt: SCRIPTS.say.prompt });
    expect(answer.choices[0]?.message.content).toBe(SCRIPTS.say.text);
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.model).toBe('ai/scripted');
    const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = answer.usage;
    expect(prompt).toBeGreaterThan(0);
    expect(completion).toBeGreaterThanOrEqual(SCRIPTS.say.pieces.length);
    expect(total).toBe(prompt + completion);
  });

  it('answers to whatever spelling of the model the caller used', async () => {
    const prompt = SCRIPTS.say.prompt;
    const answer = await ask(session(), { prompt, more: { model: 'docker.io/ai/some-other:spelling' } });
    expect(answer.choices[0]?.message.content).toBe(SCRIPTS.say.text);
    const body = JSON.stringify({ model: 'ai/another', messages: [{ role: 'user', content: prompt }], n: 1 });
    const { status } = await session().call({ route: '/v1/chat/completions', body, signal: NEVER });
    expect(status).toBe(200);
  });

  it('streams the known text piece by piece and ends with usage when asked', async () => {
    const contents: string[] = [];
    let usage: unknown;
    const more = { stream_options: { include_usage: true } };
    for await (const chunk of askStreaming(session(), { prompt: SCRIPTS.say.prompt, more })) {
      const content = chunk.choices?.[0]?.delta?.content;
      if (typeof content === 'string' && content !== '') contents.push(content);
      usage = chunk.usage ?? usage;
    }
    expect(contents.join('')).toBe(SCRIPTS.say.text);
    expect(contents.length).toBeGreaterThan(1);
    expect(usage).toMatchObject({ completion_tokens: expect.any(Number) as number });
  });

  it('stops before a stop string', async () => {
    const answer = await ask(session(), { prompt: SCRIPTS.say.prompt, more: { stop: [' a scripted'] } });
    expect(answer.choices[0]?.message.content).toBe('Hello there! I am');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
  });

  it('stops after max_tokens and says so', async () => {
    const answer = await ask(session(), { prompt: SCRIPTS.loop.prompt, more: { max_tokens: 7 } });
    expect(answer.choices[0]?.message.content).toBe(SCRIPTS.loop.textOf(7));
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect(answer.usage.completion_tokens).toBe(7);
  });

  it('draws the same for the same seed, and not always the same for different ones', async () => {
    const roll = (seed: number) =>
      askForText(session(), { prompt: SCRIPTS.dice.prompt, more: { temperature: 1, seed } });
    const faces = new Set<string>();
    for (let seed = 1; seed <= 8; seed += 1) {
      const first = await roll(seed);
      expect(SCRIPTS.dice.faces).toContain(first);
      expect(await roll(seed)).toBe(first);
      faces.add(first);
    }
    expect(faces.size).toBeGreaterThan(1);
  });
}

function describeConcurrency(world: () => World, session: () => EngineSession): void {
  it('runs as many requests at once as it has slots', async () => {
    const order: string[] = [];
    const run = async (): Promise<void> => {
      const more = { max_tokens: 600 };
      const stream = askStreaming(session(), { prompt: SCRIPTS.loop.prompt, more });
      await stream.next();
      order.push('begun');
      await drain(stream);
      order.push('ended');
    };
    await Promise.all(Array.from({ length: session().slots }, run));
    // One after the other, the second would begin when the first had ended.
    expect(order.slice(0, session().slots)).not.toContain('ended');
  });

  it('shows that it made progress when it has answered', async () => {
    const before = await session().lifeSign(NEVER);
    await askForText(session(), { prompt: SCRIPTS.say.prompt });
    expect([before, await session().lifeSign(NEVER)]).not.toContain('silent');
  });

  it('holds two sessions at once, each a process of its own', async () => {
    const other = await world().start({ servedName: 'ai/other' });
    expect(other.pid).not.toBe(session().pid);
    const [one, two] = await Promise.all([
      ask(session(), { prompt: SCRIPTS.say.prompt }),
      ask(other, { prompt: SCRIPTS.json.prompt }),
    ]);
    expect(one.choices[0]?.message.content).toBe(SCRIPTS.say.text);
    expect(two.choices[0]?.message.content).toBe(SCRIPTS.json.text);
    expect(two.model).toBe('ai/other');
  });

  it.each([
    ['in the middle of a stream', { stream: true, waitMs: 300, prompt: LOOP }],
    ['while the prompt of a stream is computed', { stream: true, waitMs: 30, prompt: LONG_PROMPT }],
    ['while an answer is made that is not streamed', { stream: false, waitMs: 300, prompt: LOOP }],
    ['while the prompt of such an answer is computed', { stream: false, waitMs: 30, prompt: LONG_PROMPT }],
  ])('gives a slot back at once when its client hangs up %s', async (_, { stream, waitMs, prompt }) => {
    const one = await world().start({ slots: 1, contextSize: 4096 });
    const client = new AbortController();
    const more = { max_tokens: 3_900 };
    const options = { prompt, signal: client.signal, more };
    const answer = stream ? drain(askStreaming(one, options)) : ask(one, options);
    setTimeout(() => client.abort(new Error('hung up')), waitMs);
    await expect(answer).rejects.toThrow('hung up');
    const hungUp = performance.now();
    expect(await askForText(one, { prompt: SCRIPTS.say.prompt })).toBe(SCRIPTS.say.text);
    // The loop would hold the only slot for several seconds more.
    expect(performance.now() - hungUp).toBeLessThan(2_000);
  });
}

function describeEnds(world: () => World): void {
  it('notices at once that its process was killed, says so, and removes the socket file', async () => {
    const session = await world().start();
    const stream = askStreaming(session, { prompt: SCRIPTS.loop.prompt });
    await stream.next();
    const broken = drain(stream).catch((error: unknown) => error);
    const killed = performance.now();
    process.kill(session.pid, 'SIGKILL');
    const exit = await session.exited;
    expect(performance.now() - killed).toBeLessThan(5_000);
    expect(exit.reason).toMatch(/killed/);
    expect(await broken).toBeInstanceOf(Error);
    expectGone(session);
  });

  it('leaves no process and no socket file after stop, which may be repeated', async () => {
    const session = await world().start();
    await session.stop(2_000);
    expectGone(session);
    expect((await session.exited).reason).toBe('stopped');
    await session.stop(2_000);
  });

  it('stops within the grace time while it is generating', async () => {
    const session = await world().start();
    const stream = askStreaming(session, { prompt: SCRIPTS.loop.prompt });
    await stream.next();
    const broken = drain(stream).catch(() => undefined);
    const asked = performance.now();
    await session.stop(1_000);
    expect(performance.now() - asked).toBeLessThan(5_000);
    expectGone(session);
    await broken;
  });

  it('leaves no process and no socket file when the start is aborted', async () => {
    const before = processesOfOurs();
    for (const afterMs of [0, 5, 30, 100]) {
      const controller = new AbortController();
      const start = world().start({}, controller.signal);
      const timer = setTimeout(() => controller.abort(new Error('changed my mind')), afterMs);
      // A start that was quicker than the abort is stopped like any other.
      const failure = await start.then(() => undefined, messageOf);
      expect([undefined, 'changed my mind']).toContain(failure);
      clearTimeout(timer);
      await world().stopAll();
    }
    await eventually(() => processesOfOurs().length === before.length, Boolean, {
      what: 'the processes to go',
    });
  });
}

function describeFailures(world: () => World, model: ContractModel): void {
  it.each(model.broken)('refuses %s with a sentence and leaves nothing behind', async (_, make, sentence) => {
    const before = processesOfOurs();
    const files = await make(world().folder.path);
    const failure: unknown = await world()
      .start({ files })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineStartError);
    expect(failure).toHaveProperty('message', expect.stringMatching(sentence));
    await eventually(() => processesOfOurs().length === before.length, Boolean, {
      what: 'the processes to go',
    });
    expect(await askForText(await world().start(), { prompt: SCRIPTS.say.prompt })).toBe(SCRIPTS.say.text);
  });
}

async function createWorld(engine: Engine, model: ContractModel): Promise<World> {
  const folder = await makeTemporaryFolder('eng');
  const sessions: EngineSession[] = [];
  return {
    folder,
    engine,
    model,
    async start(changes = {}, signal = NEVER) {
      const session = await engine.start({ ...(await specIn({ folder, model })), ...changes }, signal);
      sessions.push(session);
      return session;
    },
    async stopAll() {
      await Promise.all(sessions.splice(0).map((session) => session.stop(1_000)));
    },
  };
}

async function specIn({ folder, model }: Pick<World, 'folder' | 'model'>): Promise<SessionSpec> {
  return {
    servedName: 'ai/scripted',
    mode: 'completion',
    files: await model.files(),
    ...(model.settings && { settings: model.settings }),
    contextSize: 1024,
    slots: 3,
    threads: 1,
    runDirectory: folder.path,
    log: () => undefined,
  };
}

/** Engines, and whatever guards them. */
function processesOfOurs() {
  return descendantsOf(process.pid);
}

function expectGone(session: EngineSession): void {
  expect(isAlive(session.pid)).toBe(false);
  if (!('socketPath' in session.endpoint)) return;
  const { socketPath } = session.endpoint;
  expect(readdirSync(join(socketPath, '..')).map((name) => join(socketPath, '..', name))).not.toContain(
    socketPath,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const chunk of stream) void chunk;
}
