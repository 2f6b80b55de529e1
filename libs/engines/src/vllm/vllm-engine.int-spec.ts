import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { eventually, fixtureFolder, isAlive, makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineSession, SessionSpec } from '../engine.js';
import { VllmEngine } from './vllm-engine.js';

const NEVER = new AbortController().signal;

/** Listens as vLLM does, with a process of its own for the model, and repeats what it is asked. */
const STAND_IN = `
const { spawn } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');
const words = process.argv.slice(2);
const after = (flag) => (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined);
if (words.includes('--version')) console.log('9.8.7');
else if (words.some((word) => word.startsWith('--help'))) console.log('HELP --served-model-name NAME');
else if (words.includes('--dtype')) {
  console.error('(EngineCore pid=7) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.');
  process.exitCode = 1;
} else {
  const core = spawn('sleep', ['600.5']);
  writeFileSync(join(process.env.VLLM_RPC_BASE_PATH, 'left-behind'), '');
  createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece)).on('end', () => {
      const reply = { core: core.pid, secret: process.env.VLLM_API_KEY, words, asked: Buffer.concat(pieces).toString() };
      response.end(JSON.stringify({ ...reply, choices: [{ message: { reasoning: 'Hm' } }] }));
    });
  }).listen(after('--uds') ?? { host: after('--host'), port: Number(after('--port')) });
}
`;

let folder: TemporaryFolder;
let runDirectory: string;
const sessions: EngineSession[] = [];

beforeEach(async () => {
  folder = await makeTemporaryFolder('vllm');
  runDirectory = join(folder.path, 'run');
  await mkdir(runDirectory);
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.stop(500)));
  await folder.remove();
});

async function engineThatKnows(flags: string): Promise<VllmEngine> {
  const binary = join(folder.path, 'vllm');
  await writeFile(binary, `#!${process.execPath}\n${STAND_IN.replace('HELP', flags)}`);
  await chmod(binary, 0o755);
  return new VllmEngine({ binary, environment: { PATH: process.env['PATH'], VLLM_API_KEY: 'secret' } });
}

async function start(engine: VllmEngine, changes: Partial<SessionSpec> = {}): Promise<EngineSession> {
  const session = await engine.start(
    {
      servedName: 'ai/model',
      mode: 'completion',
      files: { format: 'safetensors', weights: await fixtureFolder('scripted') },
      slots: 1,
      threads: 1,
      runDirectory,
      log: () => undefined,
      ...changes,
    },
    NEVER,
  );
  sessions.push(session);
  return session;
}

interface Reply {
  readonly core: number;
  readonly secret?: string;
  readonly words: readonly string[];
  readonly asked: string;
  readonly choices: readonly { readonly message: object }[];
}

async function ask(session: EngineSession, body: string): Promise<Reply> {
  const response = await session.call({ route: '/v1/chat/completions', body, signal: NEVER });
  return JSON.parse(await text(response.body)) as Reply;
}

describe('VllmEngine', () => {
  it('asks for a unix socket where the program knows it, and calls the model by the name that is served', async () => {
    const session = await start(await engineThatKnows('--uds'));
    expect(session.endpoint).toHaveProperty('socketPath');
    const { asked, choices, secret } = await ask(session, '{"model":"docker.io/ai/model:latest","n":1.0}');
    expect(asked).toBe('{"model":"ai/model","n":1.0}');
    expect(choices[0]?.message).toEqual({ reasoning_content: 'Hm' });
    expect(secret).toBeUndefined();
  });

  it('takes a port that only this machine reaches where it does not', async () => {
    const session = await start(await engineThatKnows(''));
    expect(session.endpoint).toMatchObject({ host: '127.0.0.1' });
    expect((await ask(session, '{}')).words.join(' ')).toContain('--host 127.0.0.1 --port ');
  });

  it.each([
    ['stopped', (session: EngineSession) => session.stop(2_000)],
    ['killed', async (session: EngineSession) => void process.kill(session.pid, 'SIGKILL')],
  ])('leaves neither a process nor a file when it is %s', async (_, end) => {
    const session = await start(await engineThatKnows('--uds'));
    const { core } = await ask(session, '{}');
    expect(isAlive(core)).toBe(true);
    await end(session);
    await session.exited;
    await eventually(() => !isAlive(core));
    expect(await readdir(runDirectory)).toEqual([]);
  });

  it('says that memory was what it lacked', async () => {
    const failure = start(await engineThatKnows('--uds --dtype'), { settings: { flags: ['--dtype', 'x'] } });
    await expect(failure).rejects.toMatchObject({
      outOfMemory: true,
      message: expect.stringContaining('not enough memory') as string,
    });
    expect(await readdir(runDirectory)).toEqual([]);
  });

  it('refuses models of other formats and files that are not there, before anything is started', async () => {
    const engine = await engineThatKnows('--uds');
    const gguf = { format: 'gguf', weights: '/x.gguf' } as const;
    await expect(start(engine, { files: gguf })).rejects.toThrow('vLLM runs models in safetensors');
    const missing = { format: 'safetensors', weights: join(folder.path, 'none.safetensors') } as const;
    await expect(start(engine, { files: missing })).rejects.toThrow('not there');
    expect(await readdir(runDirectory)).toEqual([]);
  });

  it('remembers what the program tells of itself', async () => {
    const engine = await engineThatKnows('--uds');
    expect(await engine.probe()).toMatchObject({ version: '9.8.7', formats: ['safetensors'] });
    await writeFile(join(folder.path, 'vllm'), '');
    expect(await engine.probe()).toMatchObject({ version: '9.8.7' });
  });
});
