import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CompletionJob, ENVELOPE_VERSION, type FrameFin } from '#contracts';
import { createEngines, type EngineSession } from '#engines';
import { Logger, WorkerMetrics } from '#observability';
import type { PumpedJob, QueuePump } from '#queue';
import type { FramePublisher, LoggedResponse, RequestLog } from '#streaming';
import {
  eventually,
  isAlive,
  makeTemporaryFolder,
  syntheticEnginePath,
  type TemporaryFolder,
} from '#testing';
import { CompletionHandler } from '../jobs/completion.handler.js';
import { LiveRequests } from '../jobs/live-requests.js';
import { EngineWatch } from './engine-watch.js';
import { ResidentSession } from './resident-session.js';

/** An engine that was stopped is given up after a tenth of it; ms. */
const STALL_TIMEOUT_MS = 5_000;

const identity = { modelId: `sha256:${'a'.repeat(64)}`, mode: 'completion' } as const;
const logger = new Logger({ level: 'error', format: 'json', write: () => undefined });
const JOB: CompletionJob = {
  ...identity,
  version: ENVELOPE_VERSION,
  requestId: 'g.1',
  gatewayId: 'g',
  stream: 1,
  route: '/v1/completions',
  body: JSON.stringify({ prompt: 'Hi', stream: true, max_tokens: 20 }),
  streaming: true,
  deadline: Date.now() + 3_600_000,
  logLimit: 1_000_000,
  logRetention: 60_000,
};

/** One response in the log: what each attempt sends is what the next finds. */
class OneResponse {
  head: LoggedResponse['head'];
  body = Buffer.alloc(0);
  fin: FrameFin | undefined;

  open() {
    return {
      head: (head: LoggedResponse['head']) => (this.head = head),
      body: (bytes: Buffer) => (this.body = Buffer.concat([this.body, bytes])),
      fin: (fin: FrameFin) => (this.fin = fin),
      handover: () => undefined,
      abandon: () => undefined,
      taken: Promise.resolve(),
      unheard: false,
    };
  }

  async claim(): Promise<LoggedResponse> {
    const { head, body } = this;
    return {
      attempt: 1,
      frames: [],
      body,
      next: 1,
      bytes: body.length,
      truncated: false,
      ...(head && { head }),
    };
  }

  /** The time of each event is that of its engine's start. */
  get text(): string {
    return this.body.toString().replaceAll(/"created":\d+/g, '"created":0');
  }
}

let folder: TemporaryFolder;
let live: LiveRequests;
let engines: EngineSession[];

beforeEach(async () => {
  folder = await makeTemporaryFolder('stuck');
  await writeFile(join(folder.path, 'model.gguf'), 'no weights');
  live = new LiveRequests(60_000);
  engines = [];
});
afterEach(async () => {
  live.stop();
  await Promise.all(engines.map((engine) => engine.stop(0)));
  await folder.remove();
});

async function startSession(binary: string): Promise<ResidentSession> {
  const [program] = await createEngines({ environment: process.env, llamaCpp: { binary } });
  const engine = await program?.start(
    {
      ...identity,
      servedName: 'm',
      files: { format: 'gguf', weights: join(folder.path, 'model.gguf') },
      slots: 2,
      threads: 1,
      runDirectory: folder.path,
      log: () => undefined,
    },
    new AbortController().signal,
  );
  if (engine === undefined) throw new Error('There is no engine.');
  engines.push(engine);
  return new ResidentSession({
    identity,
    engineName: 'llama.cpp',
    engine,
    watch: new EngineWatch({ identity, engine, limit: STALL_TIMEOUT_MS, onStuck: () => undefined, logger }),
    keepAlive: -1,
    createPump: () => ({}) as QueuePump,
    run: async () => undefined,
  });
}

function answer(
  response: OneResponse,
  session: ResidentSession,
  facts: Partial<PumpedJob> = {},
): Promise<void> {
  const handler = new CompletionHandler({
    workerId: 'w',
    publisher: response as unknown as FramePublisher,
    log: response as unknown as RequestLog,
    live,
    logger,
    metrics: new WorkerMetrics(),
  });
  const job = { id: '1', data: JOB, queuedAt: 0, attempt: 1, failures: 0, onLockLost: undefined, ...facts };
  return handler.run(job, session);
}

it('goes on elsewhere, byte for byte, with an answer whose engine was stopped in its midst', async () => {
  const healthy = await startSession(await syntheticEnginePath());
  const undisturbed = new OneResponse();
  await answer(undisturbed, healthy);

  // Says eight tokens and then nothing, so that it is stopped in the midst however slow this machine is.
  const stopped = await startSession(await syntheticEnginePath({ hangAfter: 8 }));
  const response = new OneResponse();
  const end = answer(response, stopped).catch((error: unknown) => error);
  await eventually(() => response.text.includes(' t8"'));
  process.kill(stopped.engine.pid, 'SIGSTOP');
  expect(await end).toMatchObject({ name: 'HandBack', blame: true });
  expect(response.fin).toBeUndefined();
  expect((await stopped.engine.exited).reason).toMatch(/^The engine was stuck.*stopped by a signal/);
  expect(isAlive(stopped.engine.pid)).toBe(false);

  await answer(response, healthy, { attempt: 2, failures: 1 });
  expect(response.text).toBe(undisturbed.text);
  expect(response.fin).toEqual({ outcome: 'completed' });
});
