import type { ApiKey, Scope } from '#contracts';

/** A key as clients see it; times in seconds since the epoch. */
export interface ListedKey {
  readonly id: string;
  readonly object: 'api_key';
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly models: readonly string[] | null;
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly created: number;
  readonly expires: number | null;
  /** To the minute. */
  readonly last_used: number | null;
}

export function encodeKey(key: ApiKey, usedAt?: number): ListedKey {
  return {
    id: key.id,
    object: 'api_key',
    name: key.name,
    scopes: key.scopes,
    models: key.models ?? null,
    requests_per_minute: key.requestsPerMinute ?? null,
    tokens_per_minute: key.tokensPerMinute ?? null,
    created: Math.floor(key.createdAt / 1_000),
    expires: key.expiresAt === undefined ? null : Math.floor(key.expiresAt / 1_000),
    last_used: usedAt === undefined ? null : Math.floor(usedAt / 1_000),
  };
}
