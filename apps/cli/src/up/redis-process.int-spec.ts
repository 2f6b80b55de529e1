import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTemporaryFolder } from '#testing';
import { findProgram } from './find-program.js';
import { LogOutput } from './log-output.js';
import { redisProcess } from './redis-process.js';

describe('redisProcess', () => {
  it('starts Redis where setpriv cannot tie it to us, as that of BusyBox cannot', async () => {
    const folder = await makeTemporaryFolder('redis');
    try {
      const [bin, logs] = [join(folder.path, 'bin'), join(folder.path, 'logs')];
      for (const path of [bin, logs]) mkdirSync(path);
      const script = '#!/bin/sh\necho "setpriv: unrecognized option: pdeathsig" >&2\nexit 1\n';
      writeFileSync(join(bin, 'setpriv'), script, { mode: 0o755 });
      const program = findProgram('redis-server', process.env['PATH'] ?? '') ?? '';
      const log = new LogOutput(logs, { name: 'redis', index: 0, width: 5, colours: false });
      const files = { folder: folder.path, socket: join(folder.path, 'redis.sock') };
      const { spawn, whenReady } = redisProcess({ program, files, log, path: bin });
      const child = spawn();
      const ended = once(child, 'exit');
      const giveUp = new AbortController();
      const outcome = await Promise.race([
        whenReady(child, giveUp.signal).then(() => 'ready'),
        ended.then(() => 'ended'),
      ]);
      giveUp.abort();
      child.kill();
      await ended;
      expect(outcome).toBe('ready');
    } finally {
      await folder.remove();
    }
  });
});
