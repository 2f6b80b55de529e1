import type { ApiKeyEntry } from '../client/wire.js';
import { humanDuration } from './units.js';

export const KEY_HEADER: readonly string[] = [
  'ID',
  'NAME',
  'SCOPES',
  'MODELS',
  'LIMITS',
  'CREATED',
  'EXPIRES',
  'LAST USED',
];

/** API keys for people. @param now ms since the epoch */
export function keyRows(keys: readonly ApiKeyEntry[], now: number): string[][] {
  const ago = (seconds: number | null, never: string): string =>
    seconds === null ? never : `${humanDuration(Math.max(0, now - seconds * 1000))} ago`;
  return keys.map((key) => [
    key.id,
    key.name,
    key.scopes.join(', '),
    key.models === null ? 'all' : key.models.join(', '),
    limitsOf(key),
    ago(key.created, ''),
    expiryOf(key.expires, now),
    ago(key.last_used, 'never'),
  ]);
}

function limitsOf({ requests_per_minute: requests, tokens_per_minute: tokens }: ApiKeyEntry): string {
  const limits = [
    ...(requests === null ? [] : [`${requests} requests/min`]),
    ...(tokens === null ? [] : [`${tokens} tokens/min`]),
  ];
  return limits.length === 0 ? 'none' : limits.join(', ');
}

function expiryOf(expires: number | null, now: number): string {
  if (expires === null) return 'never';
  const left = expires * 1000 - now;
  return left <= 0 ? 'expired' : `${humanDuration(left)} from now`;
}
