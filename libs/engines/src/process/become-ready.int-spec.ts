import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, makeTemporaryFolder } from '#testing';
import { expect, it } from 'vitest';
import { EngineStartError } from '../engine.js';
import { becomeReady } from './become-ready.js';
import { EngineProcess } from './engine-process.js';

it('stops a program that loads longer than it may, and says so', async () => {
  const folder = await makeTemporaryFolder('slow');
  const socketPath = join(folder.path, 'e.sock');
  const engineProcess = new EngineProcess({
    command: {
      program: '/bin/sh',
      arguments: ['-c', `: > ${socketPath}; exec sleep 600`],
      environment: { PATH: '/usr/bin:/bin' },
    },
    log: () => undefined,
    socketPath,
    explain: () => 'stopped',
  });
  const { signal } = new AbortController();
  const limits = { subject: 'The program', socketPath, limitMs: 1_000, signal };
  const failure: unknown = await becomeReady(engineProcess, limits).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EngineStartError);
  expect(failure).toHaveProperty(
    'message',
    'The program was still loading the model after 1 s, so it was stopped.',
  );
  expect([isAlive(engineProcess.pid), existsSync(socketPath)]).toEqual([false, false]);
  await folder.remove();
});
