import type { RunningModel } from '../client/wire.js';
import { parseGoDuration } from './go-duration.js';
import { shortModelId, shortModelName } from './model-name.js';
import { humanDuration } from './units.js';

export const RUNNING_HEADER: readonly string[] = ['MODEL NAME', 'BACKEND', 'MODE', 'UNTIL', 'WORKERS'];

/** What the Model Runner keeps an idle model for when nobody said otherwise; ms. */
const DEFAULT_KEEP_ALIVE_MS = 5 * 60_000;
const NEVER = '0001-01-01';

/** @param now ms since the epoch */
export function runningRows(
  running: readonly RunningModel[],
  now: number,
  defaultRegistry?: string,
): string[][] {
  return running.map((model) => [
    model.model_name.startsWith('sha256:')
      ? shortModelId(model.model_name)
      : shortModelName(model.model_name.toLowerCase(), defaultRegistry),
    model.backend_name,
    model.mode,
    untilOf(model, now),
    (model.workers ?? []).join(', '),
  ]);
}

/** When a model is to be unloaded, if nobody asks it anything more. */
export function untilOf(model: RunningModel, now: number): string {
  if (model.loading === true) return 'Loading...';
  const keepAlive =
    model.keep_alive === undefined ? DEFAULT_KEEP_ALIVE_MS : (parseGoDuration(model.keep_alive) ?? -1);
  if (model.keep_alive === '-1' || keepAlive < 0) return 'Forever';
  const unused = model.in_use === true || model.last_used.startsWith(NEVER);
  const left = unused ? keepAlive : keepAlive - (now - Date.parse(model.last_used));
  return left <= 0 ? 'Expiring' : `${humanDuration(left)} from now`;
}
