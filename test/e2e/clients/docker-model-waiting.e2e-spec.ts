import { afterEach, expect, it } from 'vitest';
import { eventually, fixtureModel, syntheticEnginePath } from '#testing';
import { running } from '../support/engines.js';
import { useCluster } from '../support/use-cluster.js';
import { describeDockerModel, type Running, succeeded, useDockerModel } from './docker-model.js';

const LOAD_MS = 3_500;
/** An answer of 16 tokens takes 8 s. */
const TOKENS_A_SECOND = 2;
/** From the end of a request for the caller to an idle engine; ms. */
const IDLE_WITHIN = 10_000;

describeDockerModel('docker model run', () => {
  const shared = useCluster(async () => ({
    gateways: 1,
    workers: 1,
    engine: 'synthetic',
    // Without a log nobody can go on with what a dead worker had begun.
    gatewayEnvironment: { LONGSHORE_LOG: 'false', LONGSHORE_MAX_WAITING: '1' },
    workerEnvironment: {
      LONGSHORE_SLOTS: '1',
      LONGSHORE_MAX_SESSIONS: '1',
      LLAMA_SERVER_PATH: await syntheticEnginePath({ loadMs: LOAD_MS, rate: TOKENS_A_SECOND }),
    },
  }));
  const cli = useDockerModel(() => shared.cluster.gateway().url);
  const begun: Running[] = [];
  const start = (): Running => {
    const run = cli.start('run', 'scripted', 'Hi');
    begun.push(run);
    return run;
  };
  afterEach(async () => {
    for (const run of begun) run.signal('SIGINT');
    await Promise.all(begun.splice(0).map(({ finished }) => finished));
  });
  const inUse = (): Promise<number> => running([shared.cluster.worker()]);

  it('says that the model is being loaded, once, and then answers', async () => {
    succeeded(await cli.run('package', '--gguf', await fixtureModel('scripted'), 'ai/scripted'));
    const { code, output } = await start().finished;
    expect(code).toBe(0);
    expect(output).toMatch(
      /^(?:Waiting for the model to load…\n)?Loading the model…\n(?:Reading the prompt…\n)?t1 t2 .* t16/,
    );
  });

  it('says what its place in the queue is, and refuses at once when the queue is full', async () => {
    const first = start();
    await eventually(() => first.output().includes('t1'));
    const second = start();
    await eventually(() => second.output().startsWith('Waiting in the queue: next in line'));
    const third = await start().finished;
    expect(third.code).toBe(1);
    expect(third.output).toMatch(/status=429 body=.*"code":"queue_full"/);
    expect(await first.finished).toMatchObject({ code: 0, output: expect.stringContaining('t15 t16') });
    const { code, output } = await second.finished;
    expect(code).toBe(0);
    expect(output).toMatch(/^Waiting in the queue: next in line[^\n]*\n(?:[^\n]*\n)*t1 t2 .* t16/);
  });

  it('ends the answer at Ctrl-C, and the engine is idle at once', async () => {
    const prompt = cli.terminal('run', 'scripted');
    await eventually(() => prompt.output().includes('Send a message'));
    prompt.type('Hi\r');
    await eventually(() => prompt.output().includes('t3'));
    expect(await inUse()).toBe(1);
    prompt.type('\u0003');
    await eventually(inUse, (open) => open === 0, { within: IDLE_WITHIN });
    expect(prompt.output()).not.toContain('t16');
    prompt.type('/bye\r');
    expect(await prompt.finished).toMatchObject({ code: 0 });
  });

  it('fails when the answer breaks off and nobody can go on with it', async () => {
    const run = start();
    await eventually(() => run.output().includes('t3'));
    await shared.cluster.worker().kill('SIGKILL');
    const { code, output } = await run.finished;
    expect(code).toBe(1);
    expect(output).toMatch(
      /t1 t2 t3[^]*Failed to generate a response: error reading response stream: unexpected EOF/,
    );
    expect(output).not.toContain('t16');
  });

  it('says that no worker is alive, with an exit code', async () => {
    const { code } = await eventually(
      () => cli.run('run', 'scripted', 'Hi'),
      ({ output }) => /status=502 body=.*"code":"no_worker"/.test(output),
      { what: 'the worker to be missed' },
    );
    expect(code).toBe(1);
  });
});
