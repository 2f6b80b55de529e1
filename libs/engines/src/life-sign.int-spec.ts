import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askForProgress, askRoute } from './life-sign.js';

const LINES = /^steps_total\b.*$/gm;
const never = new AbortController().signal;
let folder: TemporaryFolder;
let server: Server;
let socketPath = '';
/** What it answers; nothing while there is none. */
let answers: { status: number; text: string } | undefined;

beforeEach(async () => {
  folder = await makeTemporaryFolder('life');
  socketPath = join(folder.path, 'e.sock');
  answers = { status: 200, text: '' };
  server = createServer((_, response) => {
    if (answers !== undefined) response.writeHead(answers.status).end(answers.text);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await folder.remove();
});

it.each([
  [200, 'working'],
  [404, 'listening'],
  [501, 'listening'],
  [503, 'silent'],
] as const)('takes an answer with status %i for %s', async (status, sign) => {
  answers = { status, text: 'x' };
  expect(await askRoute('/', 'working')({ socketPath }, never)).toBe(sign);
});

it('waits for an answer until it is not wanted any more', async () => {
  answers = undefined;
  const question = new AbortController();
  server.once('request', () => question.abort());
  expect(await askRoute('/', 'working')({ socketPath }, question.signal)).toBe('silent');
});

it('takes nobody there for silence', async () => {
  const nowhere = { socketPath: join(folder.path, 'nobody.sock') };
  expect(await askRoute('/', 'working')(nowhere, never)).toBe('silent');
  expect(await askForProgress({ lines: LINES, without: 'working' })(nowhere, never)).toBe('silent');
});

it('sees by what an engine counts whether it makes progress', async () => {
  const ask = askForProgress({ lines: LINES, without: 'working' });
  const seen = [];
  for (const [steps, seconds] of [
    [1, 1],
    [2, 2],
    [2, 3],
    [3, 4],
  ]) {
    answers = {
      status: 200,
      text: `# steps\nsteps_total{engine="0"} ${steps}\nprocess_cpu_seconds_total ${seconds}`,
    };
    seen.push(await ask({ socketPath }, never));
  }
  expect(seen).toEqual(['listening', 'working', 'silent', 'working']);
});

it('takes the answer of one that counts nothing for what it is said to mean', async () => {
  answers = { status: 200, text: 'process_cpu_seconds_total 1' };
  for (const without of ['working', 'listening'] as const)
    expect(await askForProgress({ lines: LINES, without })({ socketPath }, never)).toBe(without);
  answers = { status: 501, text: 'steps_total 1' };
  expect(await askForProgress({ lines: LINES, without: 'working' })({ socketPath }, never)).toBe('listening');
});
