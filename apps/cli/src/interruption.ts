const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The wish of the user, or of a supervisor, that the command end. */
export class Interruption {
  private readonly controller = new AbortController();
  private handlers: (() => void)[] = [];

  /** Aborted by the first wish that nobody intercepts. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Takes the place of the usual effect of Ctrl-C until it is released; the last to come is asked. */
  intercept(handler: () => void): () => void {
    this.handlers.push(handler);
    return () => (this.handlers = this.handlers.filter((each) => each !== handler));
  }

  interrupt(signal: NodeJS.Signals = 'SIGINT'): void {
    const handler = signal === 'SIGINT' ? this.handlers.at(-1) : undefined;
    if (handler) handler();
    else this.controller.abort();
  }
}

/**
 * Lets the signals of this process interrupt. A second wish ends the process at once with `exitCode`.
 * @returns a function that gives the signals their usual effect again
 */
export function interruptBySignals(interruption: Interruption, exitCode: number): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    if (interruption.signal.aborted) process.exit(exitCode);
    interruption.interrupt(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}
