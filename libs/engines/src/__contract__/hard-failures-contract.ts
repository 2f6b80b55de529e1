import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  eventually,
  isAlive,
  listProcesses,
  makeTemporaryFolder,
  type ProcessEntry,
  type TemporaryFolder,
} from '#testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineConnectionError, type EngineCall } from '../engine-client.js';
import { EngineStartError, type Engine, type EngineSession, type ModelFiles } from '../engine.js';
import { writeStandIn, type Misbehaviour } from './stand-in-program.js';

const NEVER = new AbortController().signal;

export interface HardFailuresWorld {
  /** An engine whose program is replaced by the one at the path, or by the module that lies there with `.mjs` behind it. */
  readonly createEngine: (program: string) => Engine;
  readonly format: ModelFiles['format'];
  /** What the real program prints when it lacks memory. */
  readonly outOfMemory: string;
}

interface World extends HardFailuresWorld {
  readonly folder: TemporaryFolder;
  start(behaviour: Misbehaviour, signal?: AbortSignal, lastWords?: string): Promise<EngineSession>;
}

/**
 * What the driver of a process promises when that fails in the hardest ways. They are caused for real, by a program that
 * stands in for the engine: what is under test is the driver.
 */
export function describeHardFailures(name: string, options: HardFailuresWorld): void {
  describe(`${name} fails hard`, () => {
    let world: World | undefined;
    const sessions: EngineSession[] = [];
    const current = (): World => {
      if (world === undefined) throw new Error('The suite did not start.');
      return world;
    };

    beforeEach(async () => {
      const folder = await makeTemporaryFolder('hard');
      world = {
        ...options,
        folder,
        start: async (behaviour, signal = NEVER, lastWords = '') => {
          const session = await startStandIn(options, folder, { behaviour, lastWords }, signal);
          sessions.push(session);
          return session;
        },
      };
    });
    afterEach(async () => {
      await Promise.all(sessions.splice(0).map((session) => session.stop(0)));
      await expectNobodyLeft(current());
      await current().folder.remove();
    });

    describeFailedLoads(current);
    describeFailedAnswers(current);
    describeDeath(current);
  });
}

function describeFailedLoads(world: () => World): void {
  it.each<Misbehaviour>(['loads-for-ever', 'is-stopped', 'says-nothing', 'talks-garbage'])(
    'gives up on a program that %s when it is told to, and leaves nothing behind',
    async (behaviour) => {
      const controller = new AbortController();
      const started = world()
        .start(behaviour, controller.signal)
        .catch((error: unknown) => error);
      await eventually(() => programsIn(world()).length > 0);
      controller.abort(new Error('it took too long'));
      expect(await started).toHaveProperty('message', 'it took too long');
      await expectNobodyLeft(world());
    },
  );

  it('says that memory was what it lacked', async () => {
    const { outOfMemory } = world();
    const failure: unknown = await world()
      .start('gives-up', NEVER, outOfMemory)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineStartError);
    expect(failure).toMatchObject({ outOfMemory: true });
    expect(failure).toHaveProperty('message', expect.stringContaining('not enough memory'));
  });

  it('says how it ended when its last words say nothing known', async () => {
    const failure: unknown = await world()
      .start('gives-up', NEVER, 'oh')
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineStartError);
    expect(failure).toMatchObject({ outOfMemory: false });
    expect(failure).toHaveProperty('message', expect.stringMatching(/ended with exit code 1\.$/));
  });
}

function describeFailedAnswers(world: () => World): void {
  it('gives the slot back when a caller no longer waits for an engine that never answers', async () => {
    const session = await world().start('never-answers');
    const caller = new AbortController();
    const answer = session.call(chat(caller.signal)).catch((error: unknown) => error);
    await eventually(
      () => openRequests(session),
      (open) => open === 1,
    );
    caller.abort(new Error('the engine sent nothing for 1 s'));
    expect(await answer).toHaveProperty('message', 'the engine sent nothing for 1 s');
    await eventually(
      () => openRequests(session),
      (open) => open === 0,
    );
  });

  it('gives the slot back in the middle of an answer that never ends', async () => {
    const session = await world().start('streams-for-ever');
    const caller = new AbortController();
    const { body } = await session.call(chat(caller.signal));
    const read = body.toArray().catch((error: unknown) => error);
    caller.abort(new Error('hung up'));
    expect(await read).toHaveProperty('message', 'hung up');
    await eventually(
      () => openRequests(session),
      (open) => open === 0,
    );
  });

  it('calls garbage a broken connection, and lives on', async () => {
    const session = await world().start('answers-garbage');
    const failure: unknown = await session.call(chat(NEVER)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineConnectionError);
    expect(failure).toMatchObject({
      reached: true,
      message: expect.stringMatching(/^The engine did not answer/) as string,
    });
    await eventually(
      () => openRequests(session),
      (open) => open === 0,
    );
  });

  it('ends an answer that breaks off with an error, never as if it were whole', async () => {
    const session = await world().start('breaks-off');
    const ended = session.call(chat(NEVER)).then(({ body }) => body.toArray());
    await expect(ended).rejects.toThrow('aborted');
    await eventually(
      () => openRequests(session),
      (open) => open === 0,
    );
  });
}

function describeDeath(world: () => World): void {
  it('notices a SIGKILL in the middle of a stream, and takes all that the program started with it', async () => {
    const session = await world().start('streams-for-ever');
    const { body } = await session.call(chat(NEVER));
    const read = body.toArray().catch((error: unknown) => error);
    expect(programsIn(world()).length).toBeGreaterThan(1);
    process.kill(session.pid, 'SIGKILL');
    const { reason, outOfMemory } = await session.exited;
    expect({ reason, outOfMemory }).toEqual({
      reason: expect.stringMatching(/was killed \(SIGKILL\)/) as string,
      outOfMemory: undefined,
    });
    expect(await read).toBeInstanceOf(Error);
    expectGone(session);
    await expectNobodyLeft(world());
    await expect(session.call(chat(NEVER))).rejects.toBeInstanceOf(EngineConnectionError);
  });

  it('kills a program that is stopped and so minds no other signal', async () => {
    const session = await world().start('never-answers');
    process.kill(session.pid, 'SIGSTOP');
    const waiting = session.call(chat(NEVER)).catch((error: unknown) => error);
    await session.stop(300);
    expect(await waiting).toBeInstanceOf(EngineConnectionError);
    expectGone(session);
    await expectNobodyLeft(world());
  });
}

async function startStandIn(
  { createEngine, format }: HardFailuresWorld,
  folder: TemporaryFolder,
  standIn: Parameters<typeof writeStandIn>[1],
  signal: AbortSignal,
): Promise<EngineSession> {
  const weights = join(folder.path, `model.${format}`);
  await writeFile(weights, 'weights');
  const program = await writeStandIn(folder.path, standIn);
  return createEngine(program).start(
    {
      servedName: 'ai/stand-in',
      mode: 'completion',
      files: { format, weights },
      slots: 1,
      threads: 1,
      runDirectory: folder.path,
      log: () => undefined,
    },
    signal,
  );
}

function chat(signal: AbortSignal): EngineCall {
  const body = JSON.stringify({ messages: [{ role: 'user', content: 'x' }], stream: true });
  return { route: '/v1/chat/completions', body, signal };
}

async function openRequests(session: EngineSession): Promise<number> {
  const { body } = await session.call({ route: '/open', signal: NEVER });
  return Number((await body.setEncoding('utf8').toArray()).join(''));
}

/** The stand-in and what it started, also when that has lost its parent. */
function programsIn({ folder }: World): readonly ProcessEntry[] {
  return listProcesses().filter(({ command }) => command.includes(join(folder.path, 'stand-in.mjs')));
}

async function expectNobodyLeft(world: World): Promise<void> {
  await eventually(
    () => programsIn(world).length,
    (count) => count === 0,
    { what: 'the stand-in and what it started to go' },
  );
}

function expectGone(session: EngineSession): void {
  const hasSocketFile = 'socketPath' in session.endpoint && existsSync(session.endpoint.socketPath);
  expect({ lives: isAlive(session.pid), hasSocketFile }).toEqual({ lives: false, hasSocketFile: false });
}
