import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  fixtureFolder,
  fixtureModel,
  type PublishedModel,
  publishModel,
  requestJson,
  startRegistryGate,
} from '#testing';
import { CLI, type CliEnd, type CliOptions, runCli, startCli } from './support/run-cli.js';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({ gateways: 1, workers: 1, engine: 'synthetic' });

const url = (): string => shared.cluster.gateway().url;
const longshore = (args: readonly string[], options?: CliOptions): Promise<CliEnd> =>
  runCli(url(), args, options);

/** What a command prints when it works. */
async function result(...args: string[]): Promise<string> {
  const { code, out, error } = await longshore(args);
  expect({ args, code, error }).toEqual({ args, code: 0, error: '' });
  return out;
}

const lines = (text: string): string[] => text.trimEnd().split('\n');

/** What the registry has of a model, in alphabetical order. */
async function layersOf(repository: string, tag: string): Promise<string[]> {
  const response = await fetch(`http://${shared.registry.host}/v2/${repository}/manifests/${tag}`, {
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  expect(response.status).toBe(200);
  const { layers } = (await response.json()) as { layers: { mediaType: string }[] };
  const kinds = layers.map(({ mediaType }) => mediaType.split('docker.ai.')[1] ?? '');
  return kinds.toSorted((a, b) => (a < b ? -1 : 1));
}

let model: PublishedModel;

beforeAll(async () => {
  model = await publishModel({
    registry: shared.registry,
    name: 'test/cli:1',
    file: await fixtureModel('scripted'),
  });
});

describe('a pull', () => {
  it('prints plain lines to a pipe, the result on stdout alone', async () => {
    const { code, out, error } = await longshore(['pull', model.reference]);
    expect({ code, out }).toEqual({ code: 0, out: 'Model pulled successfully\n' });
    expect(lines(error).at(-1)).toMatch(/^Downloaded (\S+) of \S+$/);
    expect(error).not.toContain('\u001b');
  });

  it('says that the model is there already', async () => {
    expect(await result('pull', model.reference)).toMatch(/^Using cached model/);
  });

  it('draws a line for each layer on a terminal and ends on a line of its own', async () => {
    await longshore(['rm', '-f', model.reference]);
    const { code, out } = await longshore(['pull', model.reference], { terminal: true });
    expect(code).toBe(0);
    expect(out).toMatch(/[0-9a-f]{12}: Pull complete +\d/);
    expect(out.endsWith('\u001b[0JModel pulled successfully\r\n')).toBe(true);
  });

  it('of a model that is not in the registry ends with 3', async () => {
    const { code, out, error } = await longshore(['pull', `${shared.registry.host}/test/absent:1`]);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(error).toMatch(/^Model not found/);
  });
});

describe('a pull that is interrupted', () => {
  it.each([
    ['by a signal', false],
    ['by Ctrl-C on a terminal', true],
  ])('%s ends with 130 and no half line; the cluster goes on', async (_, terminal) => {
    const name = `test/held${terminal ? '-shown' : ''}:1`;
    const file = await fixtureModel(terminal ? 'embedding' : 'random');
    await publishModel({ registry: shared.registry, name, file });
    const held = await startRegistryGate(shared.registry.host);
    const reference = `${held.host}/${name}`;
    try {
      const pull = startCli(url(), ['pull', reference], { terminal });
      await eventually(
        () => Promise.resolve(held.blobsRead.length),
        (count) => count > 0,
        { within: 20_000, what: 'the pull to begin' },
      );
      await pull.says(/\S/);
      if (terminal) pull.child.stdin?.write('\u0003');
      else pull.child.kill('SIGINT');
      const { code, out, error } = await pull.ended;
      expect(code).toBe(130);
      expect((out + error).endsWith('\n')).toBe(true);
      expect(out + error).toContain('The pull goes on in the cluster');
      held.open();
      await eventually(
        () => requestJson({ url: `${url()}/models/${reference}` }),
        ({ status }) => status === 200,
        { within: 20_000, what: 'the cluster to have the model' },
      );
    } finally {
      held.open();
      await held.close();
    }
    await longshore(['rm', '-f', reference]);
  });
});

describe('a model of the cluster', () => {
  beforeAll(async () => {
    await longshore(['pull', model.reference]);
  });

  it('is listed as a table, as ids and as JSON', async () => {
    const [header, row] = lines(await result('list'));
    expect(header).toMatch(
      /^MODEL NAME +PARAMETERS +QUANTIZATION +ARCHITECTURE +MODEL ID +CREATED +CONTEXT +SIZE$/,
    );
    expect(row).toMatch(new RegExp(`^${model.reference} .* ${model.id.slice(7, 19)} `));
    expect(await result('ls', '-q')).toBe(`${model.id.slice(7, 19)}\n`);
    expect(JSON.parse(await result('list', 'cli', '--json'))).toMatchObject([
      { id: model.id, tags: [model.reference] },
    ]);
    expect(JSON.parse(await result('list', '--openai'))).toMatchObject({ data: [{ id: model.reference }] });
  });

  it('is inspected and shown, by name and by id', async () => {
    expect(JSON.parse(await result('inspect', model.reference))).toMatchObject({ id: model.id });
    expect(JSON.parse(await result('inspect', '-r', model.reference))).toMatchObject({ id: model.id });
    expect(JSON.parse(await result('inspect', '--openai', model.reference))).toMatchObject({
      object: 'model',
    });
    expect(await result('show', model.id.slice(7, 19))).toMatch(new RegExp(`^Model: +${model.id}\n`));
    const missing = await longshore(['inspect', 'absent']);
    expect(missing).toMatchObject({ code: 3, out: '', error: 'model not found: absent\n' });
  });

  it('is tagged, and pushed by the new name', async () => {
    const target = `${shared.registry.host}/test/copy:2`;
    expect(await result('tag', model.reference, target)).toBe(
      `Model "${model.reference}" tagged successfully with "${target}"\n`,
    );
    const { code, out } = await longshore(['push', target]);
    expect({ code, out }).toEqual({ code: 0, out: 'Model pushed successfully\n' });
    expect(await layersOf('test/copy', '2')).toEqual(['gguf.v3']);
    expect(await result('rm', target)).toBe(`Untagged: ${target}\n`);
  });

  it('is measured, is loaded then, and is unloaded', async () => {
    const bench = await longshore([
      'bench',
      model.reference,
      '--duration',
      '300ms',
      '--concurrency',
      '1,2',
      '--json',
    ]);
    expect(bench.code).toBe(0);
    const { results } = JSON.parse(bench.out) as { results: { Requests: number; TPS: number }[] };
    expect(results).toHaveLength(2);
    for (const { Requests, TPS } of results) expect(Math.min(Requests, TPS)).toBeGreaterThan(0);
    expect(lines(await result('ps'))[1]).toMatch(/^\S+ +llama\.cpp +completion +\d+ minutes from now +\S+$/);
    expect(await result('unload', model.reference)).toBe('Unloaded 1 model(s).\n');
    expect(await result('stop', '--all')).toBe('No models are running.\n');
  });

  it('is configured, and the settings are shown', async () => {
    await result('configure', model.reference, '--context-size', '256', '--keep-alive=90s', '--think=false');
    expect(JSON.parse(await result('configure', 'show', model.reference))).toMatchObject([
      { Model: model.reference, Config: { 'context-size': 256, keep_alive: '1m30s' } },
    ]);
    const refused = await longshore(['configure', model.reference, '--', '--model', '/etc/passwd']);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.error).toMatch(/--model/);
    await result('unload', '--all');
  });
});

describe('a model of files on this machine', () => {
  it('is made of one GGUF file, and of another model with a context of its own', async () => {
    const gguf = await fixtureModel('scripted');
    expect(await result('package', '--gguf', gguf, '--context-size', '512', 'team/mine')).toBe(
      'Model packaged successfully\n',
    );
    expect(JSON.parse(await result('inspect', 'team/mine'))).toMatchObject({ config: { context_size: 512 } });
    await result('package', '--from', 'team/mine', '--context-size', '128', 'team/short');
    expect(JSON.parse(await result('inspect', 'team/short'))).toMatchObject({
      config: { context_size: 128 },
    });
  });

  it('is made of an archive with all that belongs to it, and pushed', async () => {
    const gguf = await fixtureModel('scripted');
    const target = `${shared.registry.host}/team/whole:1`;
    const more = ['--license', CLI, '--chat-template', CLI, '--mmproj', gguf, '--push', '--json'];
    const { code, out } = await longshore(['package', '--gguf', gguf, ...more, target]);
    expect(code).toBe(0);
    const last = out.slice(out.indexOf('{\n'));
    expect(JSON.parse(last)).toEqual({ model: target, message: 'Model packaged successfully', pushed: true });
    expect(await layersOf('team/whole', '1')).toEqual([
      'chat.template.jinja',
      'gguf.v3',
      'license',
      'mmproj',
    ]);
  });

  it('is made of a folder of safetensors', async () => {
    const folder = dirname(await fixtureFolder('scripted'));
    await result('package', '--safetensors-dir', folder, 'team/tensors');
    expect(JSON.parse(await result('inspect', 'team/tensors'))).toMatchObject({
      config: { format: 'safetensors' },
    });
  });

  it('is refused when the files are none', async () => {
    const refused = await longshore(['package', '--gguf', CLI, 'team/none']);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.error).toMatch(/GGUF/i);
    const missing = await longshore(['package', '--gguf', '/nowhere.gguf', 'team/none']);
    expect(missing).toMatchObject({ code: 2, out: '', error: 'There is no /nowhere.gguf.\n' });
  });
});

describe('the cluster', () => {
  it('tells its status, versions, disk usage and log', async () => {
    expect(await result('status')).toMatch(
      /is running at http[^]*BACKEND +STATUS +DETAILS\nllama\.cpp +Running/,
    );
    expect(JSON.parse(await result('status', '--json'))).toMatchObject({
      running: true,
      endpoint: `${url()}/v1/`,
    });
    expect(await result('version')).toMatch(/^Client:\n Version: +\d[^]*Server:\n Version: +\d/);
    expect(lines(await result('df'))[1]).toMatch(/^Models +\d+\.\d\d[kMG]B$/);
    expect(await result('logs', '--no-engines')).toMatch(/ready/);
  });

  it('is told of to a reader that stops reading, without a word of that', async () => {
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ from: `${shared.registry.host}/test/absent:1` }),
    };
    const following = startCli(url(), ['logs', '-f']);
    await following.says(/ready/);
    following.child.stdout?.destroy();
    const stir = setInterval(() => void fetch(`${url()}/models/create`, request).catch(() => undefined), 200);
    const { code, error } = await following.ended;
    clearInterval(stir);
    expect({ code, error }).toEqual({ code: 0, error: '' });
  });

  it('is not started with options that there are not', async () => {
    const { code, out, error } = await longshore(['up', '--wrokers', '2']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(/^Unknown option '--wrokers'/);
  });

  it('is emptied after a question', async () => {
    expect(await longshore(['purge'], { stdin: 'n\n' })).toMatchObject({ code: 1, out: '' });
    expect(await result('list', '-q')).not.toBe('');
    expect(await longshore(['purge'], { stdin: 'y\n' })).toMatchObject({ code: 0, out: '' });
    expect(await result('list', '-q')).toBe('');
  });

  it('that is not there ends every command with 4 and a sentence on how to start it', async () => {
    const absent = await runCli('http://127.0.0.1:1', ['status', '--json']);
    expect(JSON.parse(absent.out)).toMatchObject({ running: false });
    expect(absent.code).toBe(4);
    for (const args of [['list'], ['ps'], ['df'], ['logs'], ['inspect', 'm']])
      expect(await runCli('http://127.0.0.1:1', args)).toMatchObject({
        code: 4,
        out: '',
        error: expect.stringMatching(/^No cluster answers at http:\/\/127\.0\.0\.1:1 .*"longshore up".*\n$/),
      });
  });

  it('whose gateway is killed ends what follows it with 4', async () => {
    const following = startCli(url(), ['logs', '-f']);
    await following.says(/ready/);
    const { name } = shared.cluster.gateway();
    await shared.cluster.gateway().kill('SIGKILL');
    expect(await following.ended).toMatchObject({
      code: 4,
      error: expect.stringMatching(/broke off before the answer was complete/),
    });
    await shared.cluster.restartGateway(name);
    expect(await result('list', '-q')).toBe('');
  });
});
