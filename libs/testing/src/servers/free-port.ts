import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what systems give to connections and to servers that take any port, so that only we take these. */
const LOWEST = 10_000;
const STRETCH = 5_500;
const STRETCHES = 4;

/** Test files that run at the same time never share one: what is free may be away for a moment only. */
const FIRST = LOWEST + STRETCH * (Number(process.env['VITEST_POOL_ID'] ?? 0) % STRETCHES);
const LAST = FIRST + STRETCH - 1;

let last = randomInt(FIRST, LAST + 1);

/**
 * A port of 127.0.0.1 that is free, another one each time. Nobody is likely to take it while its server is away:
 * each process goes through its own stretch of ports. Whoever uses it must nevertheless be ready to try another.
 */
export async function findFreePort(): Promise<number> {
  for (let tried = FIRST; tried <= LAST; tried++) {
    const port = last === LAST ? FIRST : last + 1;
    last = port;
    if (await isFree(port)) return port;
  }
  throw new Error(`All ports from ${FIRST} to ${LAST} are taken.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}
