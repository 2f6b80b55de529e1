import { parseGoDuration } from '../../engines/go-duration.js';
import { isObject, type JsonObject, refuse } from './fields.js';

const MS_PER_SECOND = 1_000;

/**
 * How long a model is to stay: seconds, or a duration as Go writes it; anything negative is for ever. Also found in the
 * options, where some clients put it.
 * @returns ms; -1 = for ever, 0 = unload; undefined when nothing is said
 * @throws LongshoreError
 */
export function decodeKeepAlive(body: JsonObject): number | undefined {
  const { options } = body;
  const value = body['keep_alive'] ?? (isObject(options) ? options['keep_alive'] : undefined) ?? undefined;
  if (value === undefined) return undefined;
  const ms = typeof value === 'number' ? value * MS_PER_SECOND : durationOf(value);
  if (ms === undefined || Number.isNaN(ms))
    throw refuse(
      'keep_alive',
      'must be a number of seconds or a duration such as 10m; 0 unloads, -1 is for ever.',
    );
  return ms < 0 ? -1 : Math.min(Math.round(ms), Number.MAX_SAFE_INTEGER);
}

function durationOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^-?\d{1,15}$/.test(value)) return Number(value) * MS_PER_SECOND;
  return parseGoDuration(value);
}
