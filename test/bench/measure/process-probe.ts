import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Loaded into a gateway or worker ahead of its own program, with `NODE_OPTIONS=--import`. On SIGUSR2 it collects
 * garbage and writes what memory is in use; on SIGWINCH it begins a CPU profile and, on the next, writes it.
 */
const memoryFile = process.env['BENCH_MEMORY_FILE'];
const profileFile = process.env['BENCH_PROFILE_FILE'];

if (memoryFile !== undefined) {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  let readings = 0;
  process.on('SIGUSR2', () => {
    collectGarbage();
    collectGarbage();
    writeFileSync(memoryFile, JSON.stringify({ reading: ++readings, ...process.memoryUsage() }));
  });
}

if (profileFile !== undefined) {
  let session: Session | undefined;
  process.on('SIGWINCH', () => {
    const running = session;
    session = running === undefined ? new Session() : undefined;
    if (running === undefined) void begin(session as Session);
    else void end(running, profileFile);
  });
}

async function begin(session: Session): Promise<void> {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
}

async function end(session: Session, file: string): Promise<void> {
  const { profile } = await session.post('Profiler.stop');
  writeFileSync(file, JSON.stringify(profile));
  session.disconnect();
}
