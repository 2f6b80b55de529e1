/** What is told while a process stops. */
export interface StopLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface StopOptions {
  /** What a signal gives to what was begun; ms. The death of the parent gives nothing. */
  readonly drainTimeout: number;
  readonly log: StopLog;
  /** Stops everything in order. What it resolves with stands in the log. */
  readonly stop: (drainMs: number) => Promise<Readonly<Record<string, unknown>> | void>;
}

/** What stopping may take beyond the drain time, for example while Redis is away; ms. */
const STOP_MARGIN_MS = 4_000;

/**
 * Ends this process in order: at the first SIGTERM or SIGINT, and when the parent that holds our IPC channel dies. A
 * second signal ends it at once, and whatever happens it has ended soon after the drain time.
 */
export function stopOnSignals({ drainTimeout, log, stop }: StopOptions): void {
  let stopping = false;
  const begin = (reason: string, drainMs: number): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info('stopping', { reason });
    setTimeout(() => {
      log.error('could not stop in time');
      process.exit(1);
    }, drainMs + STOP_MARGIN_MS).unref();
    stop(drainMs).then(
      (fields) => {
        log.info('stopped', { ...fields });
        process.exit(0);
      },
      (error: unknown) => {
        log.error('could not stop cleanly', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => begin('SIGTERM', drainTimeout));
  process.on('SIGINT', () => begin('SIGINT', drainTimeout));
  if (process.channel) process.on('disconnect', () => begin('the parent is gone', 0));
}
