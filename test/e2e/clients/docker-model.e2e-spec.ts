import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  fixtureModel,
  type HubFixture,
  publishModel,
  type PublishedModel,
  SCRIPTS,
  startHuggingFaceHub,
} from '#testing';
import { useCluster } from '../support/use-cluster.js';
import { describeDockerModel, rowsOf, succeeded, useDockerModel } from './docker-model.js';

const OK = { code: 0 };
const SAY = SCRIPTS.say.prompt;

describeDockerModel('docker model', () => {
  let hub: HubFixture;
  const shared = useCluster(async () => {
    hub = await startHuggingFaceHub();
    const scripted = await readFile(await fixtureModel('scripted'));
    hub.push({ name: 'Org/Tiny-GGUF', files: { 'Tiny-Q4_K_M.gguf': scripted } });
    return {
      gateways: 1,
      workers: 1,
      engine: 'llama-server',
      gatewayEnvironment: { LONGSHORE_LOG_RETENTION: '1s' },
      workerEnvironment: { HF_ENDPOINT: hub.endpoint },
    };
  });
  afterAll(() => hub?.close());
  const cli = useDockerModel(() => shared.cluster.gateway().url, { INSECURE_REGISTRY: 'true' });
  const { run } = cli;

  /** A model in the registry that nothing of is in the cluster yet. */
  let remote: PublishedModel;
  beforeAll(async () => {
    const strange = await fixtureModel('random');
    remote = await publishModel({ registry: shared.registry, name: 'test/remote:1', file: strange });
    const file = await fixtureModel('scripted');
    succeeded(await run('package', '--gguf', file, 'ai/scripted'));
  });

  describe('models', () => {
    it('are pulled with their progress, listed, and told from the cached', async () => {
      const pulled = await run('pull', remote.reference);
      expect(pulled).toMatchObject({
        code: 0,
        output: expect.stringMatching(/Downloaded [\s\S]*Model pulled successfully/),
      });
      expect((await run('pull', remote.reference)).output).toMatch(/Using cached model: \d+\.\d+ ?MiB/);
      const short = remote.id.slice(7, 19);
      const row = rowsOf(await run('list')).find(([name]) => name === remote.reference);
      expect(row?.slice(3)).toEqual([
        'llama',
        short,
        expect.any(String),
        expect.any(String),
        expect.stringMatching(/MiB$/),
      ]);
      expect((await run('list', '-q')).output.split('\n')).toContain(short);
      expect(JSON.parse((await run('list', '--json')).output)).toContainEqual(
        expect.objectContaining({ id: remote.id, tags: [remote.reference] }),
      );
      expect(JSON.parse((await run('list', '--openai')).output)).toMatchObject({
        object: 'list',
        data: expect.arrayContaining([expect.objectContaining({ id: remote.reference, object: 'model' })]),
      });
    });

    it('come from Hugging Face by their quantization', async () => {
      const pulled = await run('pull', 'hf.co/Org/Tiny-GGUF:Q4_K_M');
      expect(pulled).toMatchObject({ code: 0, output: expect.stringContaining('Model pulled successfully') });
      expect(rowsOf(await run('list')).map(([name]) => name)).toContain(
        'huggingface.co/org/tiny-gguf:Q4_K_M',
      );
      expect((await run('run', 'hf.co/org/tiny-gguf:Q4_K_M', SAY)).output).toContain(SCRIPTS.say.text);
      expect(await run('rm', 'hf.co/org/tiny-gguf:Q4_K_M')).toMatchObject(OK);
    });

    it('that are not there are said not to be, with an exit code', async () => {
      const missing = `${shared.registry.host}/test/missing:1`;
      expect(await run('pull', missing)).toMatchObject({
        code: 1,
        output: expect.stringContaining('404 Not Found: Model not found'),
      });
      expect(await run('rm', 'missing')).toMatchObject({
        code: 1,
        output: expect.stringContaining('no such model: missing'),
      });
      for (const command of ['inspect', 'show', 'push']) expect((await run(command, 'missing')).code).toBe(1);
    });

    it('are inspected here, in the OpenAI form and in their registry, and shown', async () => {
      expect(JSON.parse((await run('inspect', remote.reference)).output)).toMatchObject({
        id: remote.id,
        tags: [remote.reference],
        config: { format: 'gguf', architecture: 'llama' },
      });
      expect(JSON.parse((await run('inspect', '--openai', remote.id)).output)).toMatchObject({
        id: remote.reference,
        object: 'model',
        owned_by: 'docker',
      });
      const there = JSON.parse((await run('inspect', '-r', remote.reference)).output) as object;
      expect(there).toMatchObject({ id: remote.id, config: { format: 'gguf' } });
      expect(there).not.toHaveProperty('tags');
      const shown = await run('show', remote.reference);
      expect(shown.output).toMatch(new RegExp(`^Model: +${remote.id}\nTags: +${remote.reference}\n`));
      expect(shown.output).toMatch(/^Context Size: \d+$/m);
    });

    it('are tagged, pushed, untagged and deleted', async () => {
      const copy = `${shared.registry.host}/copies/model:v2`;
      expect(await run('tag', remote.reference, copy)).toMatchObject({
        code: 0,
        output: `Model "${remote.reference}" tagged successfully with "${copy}"\n`,
      });
      expect(await run('push', copy)).toMatchObject({
        code: 0,
        output: expect.stringContaining('Model pushed successfully'),
      });
      expect(await run('rm', remote.id)).toMatchObject({
        code: 1,
        output: expect.stringContaining('(must be forced) due to multiple tag references'),
      });
      expect(await run('rm', copy)).toMatchObject({ code: 0, output: `Untagged: ${copy}\n` });
      const deleted = await run('rm', '-f', remote.id);
      expect(deleted.output).toBe(`Untagged: ${remote.reference}\nDeleted: ${remote.id}\n`);
      expect(await run('pull', copy)).toMatchObject(OK);
      expect(JSON.parse((await run('inspect', copy)).output)).toMatchObject({ id: remote.id });
      expect(await run('rm', copy)).toMatchObject(OK);
    });

    it('are packaged with a licence, and out of another with another context', async () => {
      const licence = cli.path('LICENSE');
      await writeFile(licence, 'Do as you like.\n');
      const file = await fixtureModel('scripted');
      const packaged = await run(
        'package',
        '--gguf',
        file,
        '-l',
        licence,
        '--context-size',
        '2048',
        'ai/licensed',
      );
      expect(packaged).toMatchObject(OK);
      expect(JSON.parse((await run('inspect', 'licensed')).output)).toMatchObject({
        tags: ['docker.io/ai/licensed:latest'],
        config: { context_size: 2048 },
      });
      expect(
        await run('package', '--from', 'licensed', '--context-size', '1024', 'ai/smaller'),
      ).toMatchObject(OK);
      expect(JSON.parse((await run('inspect', 'smaller')).output)).toMatchObject({
        config: { context_size: 1024 },
      });
      const exported = await run('package', '--from', 'ai/scripted', '-l', licence, 'ai/exported');
      expect(exported).toMatchObject(OK);
      expect((await run('run', 'exported', SAY)).output).toContain(SCRIPTS.say.text);
      expect(await run('rm', 'licensed', 'smaller', 'exported')).toMatchObject(OK);
    });

    it('are packaged straight into a registry, from where they are pulled', async () => {
      const target = `${shared.registry.host}/packaged/model:1`;
      const file = await fixtureModel('embedding');
      expect(await run('package', '--gguf', file, '--push', target)).toMatchObject(OK);
      expect(await run('pull', target)).toMatchObject(OK);
      expect(await run('rm', target)).toMatchObject(OK);
    });
  });

  describe('answers', () => {
    it('are given to an argument, to standard input, and to both', async () => {
      const text = expect.stringContaining(SCRIPTS.say.text) as string;
      expect(await run('run', 'scripted', SAY)).toMatchObject({ code: 0, output: text });
      expect(await cli.pipe(SAY, 'run', 'scripted')).toMatchObject({ code: 0, output: text });
      expect(await cli.pipe(SAY, 'run', 'scripted', 'Read this:')).toMatchObject({ code: 0, output: text });
    });

    it('come with the thoughts before them', async () => {
      const { output } = await run('run', 'scripted', SCRIPTS.think.prompt);
      expect(output).toMatch(
        /^Thinking:\nLet me reason about it carefully\.\s+--\s+The answer is forty-two\./,
      );
    });

    it('of a model that is not there come after its pull', async () => {
      const file = await fixtureModel('scripted');
      const { reference } = await publishModel({ registry: shared.registry, name: 'test/speaks:1', file });
      const ran = await run('run', reference, SAY);
      expect(ran.output).toMatch(
        /Unable to find model .* locally\. Pulling from the server\.[\s\S]*Hello there! I am a scripted model\./,
      );
      expect(ran.code).toBe(0);
      expect(await run('rm', reference)).toMatchObject(OK);
    });

    it('that cannot be given are refused with the reason, and an exit code', async () => {
      const file = await fixtureModel('corrupt');
      expect(await run('package', '--gguf', file, 'ai/corrupt')).toMatchObject(OK);
      for (const args of [
        ['corrupt', 'Hi'],
        ['-d', 'corrupt'],
      ]) {
        expect(await run('run', ...args)).toMatchObject({
          code: 1,
          output: expect.stringMatching(/status=500 body=.*unable to load runner: llama-server gave up/),
        });
      }
      expect(await run('rm', 'corrupt')).toMatchObject(OK);
    });

    it('are measured', async () => {
      const measured = await run('bench', 'scripted', '--duration', '1s', '--concurrency', '1,2', '--json');
      const report = JSON.parse(measured.output) as { readonly results: readonly object[] };
      const level = {
        Requests: expect.any(Number),
        TotalTokens: expect.any(Number),
        TPS: expect.any(Number),
      };
      expect(report.results).toMatchObject([
        { Concurrency: 1, ...level },
        { Concurrency: 2, ...level },
      ]);
      expect((await run('bench', 'scripted', '--duration', '1s', '--concurrency', '1')).output).toMatch(
        /Concurrency 1: \d+\.\d+ tokens\/sec/,
      );
    });
  });

  describe('at a prompt', () => {
    it('answers, keeps what is set, and ends when it is told to', async () => {
      const session = cli.terminal('run', 'scripted');
      await eventually(() => session.output().includes('Send a message'));
      session.type(`${SAY}\r`);
      await eventually(() => session.output().includes(SCRIPTS.say.text));
      session.type('/set system Be brief.\r');
      await eventually(() => session.output().includes('Set system message.'));
      session.type('/set num_ctx 4096\r');
      await eventually(() => session.output().includes('Set num_ctx to 4096'));
      session.type('/?\r');
      await eventually(() => session.output().includes('Available Commands:'));
      const before = session.output().length;
      session.type(`${SCRIPTS.think.prompt}\r`);
      await eventually(() => session.output().slice(before).includes(SCRIPTS.think.text));
      session.type('/bye\r');
      expect(await session.finished).toMatchObject(OK);
      const configured = JSON.parse((await run('configure', 'show', 'scripted')).output) as object[];
      expect(configured).toMatchObject([{ Mode: 'completion', Config: { 'context-size': 4096 } }]);
    });
  });
});
