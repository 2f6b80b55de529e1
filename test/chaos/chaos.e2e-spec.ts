import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { descendantsOf, eventually, isAlive, REPOSITORY } from '#testing';

const MAIN = join(REPOSITORY, 'dist', 'test', 'chaos', 'main.js');
/** Gateways, workers, Redis and the registry. */
const SERVERS = 2 + 3 + 1 + 1;

describe('a run that is killed', () => {
  it('leaves no process behind, paused and slowed down ones included', async () => {
    const line = ['--faults', 'worker-pause', '--seed', '1'];
    const run = spawn(process.execPath, [MAIN, ...line], { stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      let said = '';
      run.stderr.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
      await eventually(() => said.includes('the faults begin'), Boolean, { within: 90_000 });
      const started = (): number[] => descendantsOf(run.pid ?? 0).map(({ pid }) => pid);
      // The first fault has begun once the guard of a paused worker runs.
      await eventually(
        () => descendantsOf(run.pid ?? 0).some(({ command }) => command.includes('kill -CONT')),
        Boolean,
        { within: 60_000, what: 'a worker to be paused' },
      );
      const pids = started();
      expect(pids.length).toBeGreaterThan(SERVERS);
      run.kill('SIGKILL');
      await once(run, 'exit');
      await eventually(
        () => pids.filter(isAlive),
        (left) => left.length === 0,
        { within: 30_000, what: 'everything to end' },
      );
    } finally {
      run.kill('SIGKILL');
    }
  }, 180_000);
});
