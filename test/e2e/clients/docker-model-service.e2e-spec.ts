import { writeFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { eventually, fixtureModel, publishModel, SCRIPTS } from '#testing';
import { useCluster } from '../support/use-cluster.js';
import { describeDockerModel, rowsOf, succeeded, useDockerModel } from './docker-model.js';

const OK = { code: 0 };
const SAY = SCRIPTS.say.prompt;

/** A picture of 4 by 4 pixels. */
const RED_DOT =
  'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGM4IScHRwzEcQCxYxBBO0tjggAAAABJRU5ErkJggg==';

describeDockerModel('the service that docker model talks to', () => {
  const shared = useCluster({
    gateways: 1,
    workers: 1,
    engine: 'llama-server',
    gatewayEnvironment: { LONGSHORE_RECORD_REQUESTS: '10', LONGSHORE_LOG_RETENTION: '1s' },
  });
  const cli = useDockerModel(() => shared.cluster.gateway().url);
  const { run } = cli;

  beforeAll(async () => {
    succeeded(await run('package', '--gguf', await fixtureModel('scripted'), 'ai/scripted'));
  });

  it('is said to run, with its engines and its version', async () => {
    expect((await run('status')).output).toMatch(
      /^Docker Model Runner is running\n[\s\S]*^llama\.cpp +Running /m,
    );
    expect(JSON.parse((await run('status', '--json')).output)).toMatchObject({
      running: true,
      backends: {
        'llama.cpp': expect.stringMatching(/^Running: /),
        vllm: expect.stringMatching(/^Not Installed: /),
      },
      endpoint: `${shared.cluster.gateway().url}/v1/`,
    });
    expect((await run('version')).output).toMatch(/Server:\n Version: +\d+\.\d+\.\d+/);
  });

  it('loads ahead, tells what runs and what it takes, and unloads', async () => {
    expect(await run('run', '-d', 'scripted')).toMatchObject(OK);
    const [row] = await eventually(
      async () => rowsOf(await run('ps')),
      (rows) => rows.length === 1,
    );
    expect(row).toEqual(['scripted', 'llama.cpp', 'completion', expect.stringMatching(/minutes from now$/)]);
    expect((await run('df')).output).toMatch(/^TYPE +SIZE\s+Models +\d+(?:\.\d+)?MB/);
    expect(await run('unload', 'scripted')).toMatchObject({ code: 0, output: 'Unloaded 1 model(s).\n' });
    await eventually(
      async () =>
        rowsOf(await run('ps'))
          .flat()
          .join(''),
      (text) => text === '',
      { what: 'nothing to run' },
    );
    expect((await run('unload', 'scripted')).output).toBe('No such model(s) running.\n');
    expect((await run('unload', '--all')).output).toBe('No models are running.\n');
  });

  it('keeps how a model is to be run', async () => {
    const flags = [
      '--context-size',
      '2048',
      '--think=false',
      '--keep-alive',
      '7m',
      'scripted',
      '--',
      '--temp',
      '0.2',
    ];
    expect(await run('configure', ...flags)).toMatchObject({ code: 0, output: '' });
    expect(JSON.parse((await run('configure', 'show', 'scripted')).output)).toMatchObject([
      {
        Backend: 'llama.cpp',
        Mode: 'completion',
        Config: {
          'context-size': 2048,
          'runtime-flags': ['--temp', '0.2'],
          keep_alive: '7m0s',
          llamacpp: { 'reasoning-budget': 0 },
        },
      },
    ]);
    const [row] = await eventually(
      async () => rowsOf(await run('ps')),
      ([first]) => /[67] minutes/.test(first?.at(-1) ?? ''),
    );
    expect(row?.[0]).toBe('scripted');
    expect(await run('configure', 'scripted', '--', '--temp=0.2', '-n', '3')).toMatchObject(OK);
    // The model goes on answering as before until it is ready to answer otherwise.
    const cut = await eventually(
      () => run('run', 'scripted', SAY),
      ({ output }) => !output.includes(SCRIPTS.say.text),
    );
    expect(cut).toEqual({ code: 0, output: 'Hello there! I am\n' });
    expect(await run('configure', 'scripted', '--', '--frob')).toMatchObject({
      code: 1,
      output: expect.stringContaining('The runtime flag --frob is not allowed for llama.cpp'),
    });
    expect(await run('unload', '--all')).toMatchObject(OK);
    expect(JSON.parse((await run('configure', 'show')).output)).toEqual([]);
  });

  it('shows its log, and goes on showing it', async () => {
    const following = cli.start('logs', '-f');
    await eventually(() => following.output().includes('msg='));
    const before = following.output().length;
    expect(await run('run', '-d', 'scripted')).toMatchObject(OK);
    await eventually(() => following.output().slice(before).includes('Loaded a model'));
    following.signal('SIGINT');
    await following.finished;
    expect((await run('logs')).output).toMatch(/engine=llama-server/);
    const ours = await run('logs', '--no-engines');
    expect(ours.output).toContain('Loaded a model');
    expect(ours.output).not.toContain('engine=llama-server');
  });

  it('shows what was asked, and goes on showing it', async () => {
    const following = cli.start('requests', '-f', '--model', 'scripted');
    await eventually(() => following.output().length > 0);
    await run('run', 'scripted', SAY);
    await eventually(() => following.output().includes(SCRIPTS.say.text));
    following.signal('SIGINT');
    await following.finished;
    const [records] = JSON.parse((await run('requests', '--model', 'scripted')).output) as readonly {
      readonly records: readonly { readonly response: string; readonly user_agent: string }[];
    }[];
    expect(records?.records.at(-1)).toMatchObject({
      url: '/engines/v1/chat/completions',
      status_code: 200,
      user_agent: expect.stringMatching(/^docker-model-cli\//),
      response: expect.stringContaining(SCRIPTS.say.text),
    });
    expect(JSON.parse((await run('requests', '--model', 'missing')).output)).toEqual([]);
  });

  it('is sent the pictures that a prompt names', async () => {
    const [weights, projector] = await Promise.all([fixtureModel('scripted'), fixtureModel('projector')]);
    succeeded(await run('package', '--gguf', weights, '--mmproj', projector, 'ai/sees'));
    await writeFile(cli.path('dot.png'), Buffer.from(RED_DOT, 'base64'));
    const ran = await run('run', 'sees', `${SAY} @${cli.path('dot.png')}`);
    expect(ran).toMatchObject({ code: 0, output: expect.stringContaining(SCRIPTS.say.text) });
    const { output } = await run('requests', '--model', 'sees');
    expect(output).toMatch(/image_url.*data:image\/png;base64,/);
  });

  it('is what Compose calls for the models of a project', async () => {
    const file = await fixtureModel('random');
    const remote = await publishModel({ registry: shared.registry, name: 'test/remote:1', file });
    const up = await run(
      'compose',
      'up',
      '--model',
      remote.reference,
      '--context-size',
      '1024',
      '--runtime-flags',
      '--temp 0.3',
    );
    expect(up.code).toBe(0);
    const lines = up.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly type: string; readonly message: string });
    expect(lines).toContainEqual({ type: 'setenv', message: `MODEL=${remote.reference}` });
    expect(lines).toContainEqual({
      type: 'setenv',
      message: `URL=${shared.cluster.gateway().url}/engines/v1/`,
    });
    expect(lines.some(({ type }) => type === 'error')).toBe(false);
    expect(JSON.parse((await run('configure', 'show', remote.reference)).output)).toMatchObject([
      { Config: { 'context-size': 1024, 'runtime-flags': ['--temp', '0.3'] } },
    ]);
    expect(await run('compose', 'down')).toMatchObject(OK);
    const metadata = JSON.parse((await run('compose', 'metadata')).output) as object;
    expect(metadata).toMatchObject({ description: 'Docker Model Runner' });
  });

  it('forgets every model when it is purged', async () => {
    expect(await run('purge', '-f')).toMatchObject(OK);
    expect((await run('list', '-q')).output).toBe('');
    expect(JSON.parse((await run('list', '--json')).output)).toEqual([]);
  });
});
