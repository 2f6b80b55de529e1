import { watchParent } from './watch-parent.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * npm passes on the Ctrl-C that the terminal has already sent, so one key press arrives twice; what comes this soon
 * after the first signal is taken for its echo; ms.
 */
const ECHO_MS = 500;

/** Listens for the wish to stop, from the terminal, from a supervisor or by the death of npm. */
export class StopRequest {
  /** The first wish. */
  readonly requested: Promise<void>;
  /** A second one: now, without waiting for anything. */
  readonly insisted: Promise<void>;
  private readonly end: () => void;

  constructor(underNpm: boolean) {
    let stop = (): void => undefined;
    let insist = (): void => undefined;
    this.requested = new Promise((resolve) => (stop = resolve));
    this.insisted = new Promise((resolve) => (insist = resolve));
    let since: number | undefined;
    const onSignal = (): void => {
      since ??= performance.now();
      if (performance.now() - since > ECHO_MS) insist();
      else stop();
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
    const unwatch = underNpm ? watchParent(() => stop()) : () => undefined;
    this.end = () => {
      unwatch();
      for (const signal of SIGNALS) process.off(signal, onSignal);
    };
  }

  /** Signals have their usual effect again. */
  release(): void {
    this.end();
  }
}
