import type { LocalEndpoint } from './endpoint.js';
import { callEngine } from './engine-client.js';

/**
 * What comes of asking an engine whether it works. `working`: it has said so, or made progress since it was asked last.
 * `listening`: something of it has spoken that says nothing of the work. `silent`: nothing has, or it made no progress.
 */
export type LifeSign = 'working' | 'listening' | 'silent';

/** Asks a program as often as it is called; waits for the answer as long as it takes. An abort is silence. Never rejects. */
export type AskForLife = (endpoint: LocalEndpoint, signal: AbortSignal) => Promise<LifeSign>;

/** Asks a route. @param means what a 200 says */
export function askRoute(route: string, means: LifeSign): AskForLife {
  return async (endpoint, signal) => {
    try {
      const { status, body } = await callEngine(endpoint, { route, signal });
      body.resume();
      return status === 200 ? means : signOf(status);
    } catch {
      return 'silent';
    }
  };
}

/** What was read longer ago is of another time of silence; ms. */
const STALE_MS = 60_000;

export interface ProgressOptions {
  /** Matches, with the flags `g` and `m`, the lines that change whenever the engine has done a step, and only then. */
  readonly lines: RegExp;
  /** What an answer says that has no such line. */
  readonly without: LifeSign;
}

/** Asks for the metrics of one engine, and looks whether it has made progress since it was asked last. */
export function askForProgress({ lines, without }: ProgressOptions): AskForLife {
  let before: { readonly numbers: string; readonly at: number } | undefined;
  return async (endpoint, signal) => {
    try {
      const { status, body } = await callEngine(endpoint, { route: '/metrics', signal });
      const text = Buffer.concat((await body.toArray()) as Buffer[]).toString('utf8');
      if (status !== 200) return signOf(status);
      const now = { numbers: [...text.matchAll(lines)].join('\n'), at: performance.now() };
      const earlier = before;
      before = now;
      if (now.numbers === '') return without;
      if (earlier === undefined || now.at - earlier.at > STALE_MS) return 'listening';
      return now.numbers === earlier.numbers ? 'silent' : 'working';
    } catch {
      return 'silent';
    }
  };
}

/** A route that is not there, or that is turned off (501), was answered by what takes requests. */
function signOf(status: number): LifeSign {
  return status < 500 || status === 501 ? 'listening' : 'silent';
}
