import type { Duplex } from 'node:stream';

/** What the watchdog needs of a connection. */
export interface WatchedConnection {
  readonly status: string;
  /** The socket; absent before the first attempt to connect. */
  readonly stream?: Duplex & { readonly bytesRead?: number };
  ping(): Promise<unknown>;
}

/** Between two looks at every connection; ms. */
const TICK_MS = 500;
/** Ticks a connection may stay without a byte after it was asked; 2 s. */
const PATIENCE_TICKS = 4;

interface Observation {
  socket: Duplex | undefined;
  /** Bytes the socket had brought at the last tick. */
  bytes: number;
  /** Ticks since the connection was asked for a sign of life; 0 while it need not be asked. */
  waiting: number;
}

/**
 * Notices connections whose other end has gone without a word: a cable pulled, a machine that stopped, a firewall that
 * forgot. Asks each that is silent with a PING, about once a second, and destroys its socket when nothing at all comes
 * for 2 s, so that the client connects again. While it is connecting, the greeting counts.
 *
 * Time is counted in ticks of our own event loop, so that a process that was stopped itself takes nobody for dead.
 */
export class Watchdog {
  private readonly observations = new WeakMap<WatchedConnection, Observation>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly connections: () => Iterable<WatchedConnection>) {
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    for (const connection of this.connections()) {
      const observation = this.observations.get(connection) ?? { socket: undefined, bytes: 0, waiting: 0 };
      this.observations.set(connection, observation);
      this.look(connection, observation);
    }
  }

  private look(connection: WatchedConnection, observation: Observation): void {
    const { status, stream } = connection;
    const open = status === 'ready' || status === 'connect';
    const bytes = stream?.bytesRead ?? 0;
    if (!open || stream !== observation.socket || bytes !== observation.bytes) {
      Object.assign(observation, { socket: stream, bytes, waiting: 0 });
      return;
    }
    if (observation.waiting === 0 && status === 'ready') connection.ping().catch(() => undefined);
    if (++observation.waiting <= PATIENCE_TICKS) return;
    stream?.destroy(new Error(`Redis did not answer for ${(TICK_MS * PATIENCE_TICKS) / 1_000} s`));
  }
}
