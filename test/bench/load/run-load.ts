import { setTimeout as pause } from 'node:timers/promises';
import { ClientConnection } from './client-connection.js';
import type { Load, LoadReport } from './load.js';
import { LoadTally } from './load-tally.js';

/** µs of the clock that all processes of a machine share. */
function monotonic(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Answers that are not complete this long after the window count as failed; ms. */
const LAST_ANSWERS_MS = 15_000;

/** Runs a load to its end: after the window it waits for the answers that are still under way. */
export async function runLoad(load: Load, onTimeMs: number): Promise<LoadReport> {
  const begin = monotonic();
  const windowFrom = begin + 2 * load.rampMs * 1_000;
  const windowTo = windowFrom + load.windowMs * 1_000;
  const tally = new LoadTally(windowFrom, windowTo, onTimeMs);
  const connections = Array.from({ length: load.clients }, () => new ClientConnection(load.address, load));
  const cut = setTimeout(
    () => {
      for (const connection of connections) connection.hangUp();
    },
    2 * load.rampMs + load.windowMs + LAST_ANSWERS_MS,
  );
  await Promise.all(
    connections.map(async (connection, index) => {
      await pause((load.rampMs * index) / load.clients);
      await sendOne(connection, tally);
      while (load.once !== true && monotonic() < windowTo) {
        if (load.pauseMs > 0) await pause(Math.random() * load.pauseMs);
        await sendOne(connection, tally);
      }
      connection.hangUp();
    }),
  );
  clearTimeout(cut);
  return tally.report();
}

async function sendOne(connection: ClientConnection, tally: LoadTally): Promise<void> {
  let sentAt = 0;
  try {
    await connection.send({
      onSent: () => (sentAt = monotonic()),
      onBytes: (bytes, events, first) => {
        const now = monotonic();
        if (first) tally.addFirstToken(sentAt, now);
        tally.addBytes(bytes, events, now);
      },
    });
    tally.addEnd(monotonic());
  } catch (error) {
    tally.addFailure((error as Error).message);
    // A server that refuses must not be hammered.
    await pause(20);
  }
}

/** Streams that stay open. */
export interface HeldStreams {
  readonly count: number;
  release(): void;
}

/** Opens one stream a client and resolves when each has sent its first event. @throws Error when one does not */
export async function holdStreams(load: Load): Promise<HeldStreams> {
  const connections = Array.from({ length: load.clients }, () => new ClientConnection(load.address, load));
  const release = (): void => {
    for (const connection of connections) connection.hangUp();
  };
  try {
    await Promise.all(
      connections.map(async (connection, index) => {
        await pause((load.rampMs * index) / load.clients);
        await new Promise<void>((resolve, reject) => {
          connection
            .send({ onSent: () => undefined, onBytes: (_bytes, _events, first) => first && resolve() })
            .catch(reject);
        });
      }),
    );
  } catch (error) {
    release();
    throw error;
  }
  return { count: connections.length, release };
}
