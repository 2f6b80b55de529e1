import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  askChat,
  descendantsOf,
  eventually,
  findFreePort,
  fixtureModel,
  publishModel,
  pullModelThrough,
  type RedisFixture,
  type RegistryFixture,
  requestJson,
  startRedis,
  startRegistry,
} from '#testing';
import { type Contained, ImageBench } from './images.js';
import { findTool } from './tools.js';

const wanted =
  process.env['DEPLOY_IMAGES'] === 'yes' &&
  ['buildah', 'debootstrap'].every((program) => findTool(program) !== undefined);
const MINUTE = 60_000;

/** Beside /models, because this builder covers what an image declares as a volume with an empty folder. */
const STORE = '/store';

describe.skipIf(!wanted)('the images of gateway and worker', { timeout: 2 * MINUTE }, () => {
  let bench: ImageBench;
  let redis: RedisFixture;
  let registry: RegistryFixture;
  let reference: string;
  let images: { readonly gateway: string; readonly worker: string };
  let gateway: Contained;
  let worker: Contained;
  let other: Contained;
  let ports: { readonly gateway: number; readonly store: number; readonly otherStore: number };

  const gatewayVariables = (): Record<string, string> => ({
    LONGSHORE_PORT: String(ports.gateway),
    LONGSHORE_HOST: '127.0.0.1',
    LONGSHORE_REDIS_URL: redis.url,
  });
  const workerVariables = (port = ports.store): Record<string, string> => ({
    LONGSHORE_STORE_PORT: String(port),
    LONGSHORE_STORE_HOST: '127.0.0.1',
    LONGSHORE_REDIS_URL: redis.url,
    LONGSHORE_CONTEXT_SIZE: '512',
    LONGSHORE_MODELS_PATH: STORE,
    INSECURE_REGISTRY: 'true',
  });
  const url = (): string => `http://127.0.0.1:${ports.gateway}`;

  beforeAll(async () => {
    bench = await ImageBench.open();
    redis = await startRedis();
    registry = await startRegistry();
    const [first, second, third] = [await findFreePort(), await findFreePort(), await findFreePort()];
    ports = { gateway: first, store: second, otherStore: third };
    await bench.makeBases();
    images = { gateway: await bench.build('gateway'), worker: await bench.build('final-llamacpp') };
    gateway = await bench.start(images.gateway, gatewayVariables());
    const volume = { [STORE]: await bench.makeVolume(images.worker, '/models') };
    worker = await bench.start(images.worker, workerVariables(), volume);
    other = await bench.start(images.worker, workerVariables(ports.otherStore), volume);
  }, 15 * MINUTE);
  afterAll(async () => {
    await bench.close();
    await Promise.all([redis.stop(), registry.stop()]);
  }, MINUTE);

  it('say how they are run: as a user without rights, under an init process', async () => {
    for (const image of Object.values(images)) {
      const configuration = await bench.configuration(image);
      expect(configuration).toMatchObject({ User: '10001:10001', StopSignal: 'SIGTERM' });
      expect(configuration['Entrypoint']).toEqual(expect.arrayContaining(['/usr/local/bin/tini']));
    }
  });

  const answers = async (): Promise<void> => {
    const answer = await askChat(url(), { model: reference, prompt: 'say', parameters: { max_tokens: 8 } });
    expect({ ...answer, printed: answer.status === 200 ? '' : other.printed().slice(-2_000) }).toMatchObject({
      status: 200,
      text: expect.stringMatching(/./),
      printed: '',
    });
  };

  it('make a cluster that pulls a model and answers', async () => {
    const alive = async (): Promise<string> => (await fetch(`${url()}/metrics`)).text();
    const both = (text: string): boolean => text.includes('longshore_workers{variant="cpu"} 2\n');
    await eventually(() => alive().catch(() => ''), both, { within: MINUTE, what: 'two workers' });
    expect((await requestJson({ url: `${url()}/health/ready` })).status).toBe(200);
    const file = await fixtureModel('scripted');
    ({ reference } = await publishModel({ registry, name: 'images/model:1', file }));
    expect((await pullModelThrough(url(), reference)).status).toBe(200);
    await answers();
  });

  it('run everything as that user, engines too', async () => {
    for (const contained of [gateway, worker, other]) {
      const processes = descendantsOf(contained.child.pid ?? 0);
      const ours = processes.filter(({ command }) => /\/longshore\/|llama-server/.test(command));
      expect(ours.length).toBeGreaterThan(0);
      const whoAmI = ['node', '-p', 'process.getuid()'];
      expect(await bench.inside(contained, {}, whoAmI)).toBe('10001');
    }
  });

  it('find nothing wrong with a process that is well, and say what is wrong with one that is gone', async () => {
    const check = (app: string): string[] => ['node', `/opt/longshore/dist/apps/${app}/src/health.js`];
    expect(await bench.inside(gateway, gatewayVariables(), check('gateway'))).toBe('');
    expect(await bench.inside(worker, workerVariables(), check('worker'))).toBe('');
    const nobody = { LONGSHORE_PORT: String(await findFreePort()), LONGSHORE_HOST: '127.0.0.1' };
    await expect(bench.inside(gateway, nobody, check('gateway'))).rejects.toThrow('did not answer');
  });

  it('stop in order when they are told to, and what one worker has pulled another one has in the same store', async () => {
    expect(await bench.stop(worker)).toBe(0);
    expect(worker.printed()).toContain('stopped');
    await registry.stop();
    await answers();
    expect(await bench.stop(other)).toBe(0);
    expect(await bench.stop(gateway)).toBe(0);
    expect(gateway.printed()).toContain('stopped');
  });
});
