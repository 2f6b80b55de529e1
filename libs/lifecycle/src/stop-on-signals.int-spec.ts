import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, REPOSITORY, type TemporaryFolder } from '#testing';

const BUILT = join(REPOSITORY, 'dist/libs/lifecycle/src/index.js');

/** A real process that stops as `stop` says, an expression over `drainMs`. */
describe('stopOnSignals', () => {
  let folder: TemporaryFolder;
  let child: ChildProcess;
  let printed: string;

  beforeEach(async () => {
    if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing; "npm run build" makes it.`);
    folder = await makeTemporaryFolder('lifecycle');
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await folder.remove();
  });

  const start = async (stop: string, drainTimeout = 100): Promise<void> => {
    const program = join(folder.path, 'program.mjs');
    await writeFile(
      program,
      `import { announceReady, stopOnSignals } from ${JSON.stringify(pathToFileURL(BUILT).href)};
       const say = (message, fields) => console.log(JSON.stringify({ message, ...fields }));
       const stop = async (drainMs) => ${stop};
       stopOnSignals({ drainTimeout: ${drainTimeout}, log: { info: say, error: say }, stop });
       setInterval(() => undefined, 1_000);
       announceReady({ workerId: 'w' });`,
    );
    child = fork(program, [], { execArgv: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    printed = '';
    child.stdout?.on('data', (bytes: Buffer) => (printed += bytes.toString()));
    const [ready] = await once(child, 'message');
    expect(ready).toEqual({ type: 'ready', workerId: 'w' });
  };
  /** Its exit code, once all it printed is here. */
  const end = async (): Promise<number | null> => {
    const printedAll = once(child.stdout ?? child, 'end');
    const [code] = (await once(child, 'exit')) as [number | null];
    await printedAll;
    return code;
  };

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'gives what was begun its time at %s, and ends well',
    async (signal) => {
      await start('({ gave: drainMs })', 1_234);
      child.kill(signal);
      expect(await end()).toBe(0);
      expect(printed).toContain(JSON.stringify({ message: 'stopped', gave: 1_234 }));
    },
  );

  it('ends at once at the second signal', async () => {
    await start('new Promise(() => undefined)', 600_000);
    child.kill('SIGTERM');
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    expect(await end()).toBe(1);
  });

  it('gives nothing any time when its parent is gone', async () => {
    await start('({ gave: drainMs })', 600_000);
    child.disconnect();
    expect(await end()).toBe(0);
    expect(printed).toContain(JSON.stringify({ message: 'stopped', gave: 0 }));
  });

  it('ends although stopping never comes to an end', async () => {
    await start('new Promise(() => undefined)', 0);
    child.kill('SIGTERM');
    expect(await end()).toBe(1);
    expect(printed).toContain('could not stop in time');
  });

  it('ends badly when stopping fails', async () => {
    await start("Promise.reject(new Error('no'))");
    child.kill('SIGTERM');
    expect(await end()).toBe(1);
    expect(printed).toContain('could not stop cleanly');
  });
});
