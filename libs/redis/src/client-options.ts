import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { RedisLocation } from './redis-url.js';

/**
 * - `failFast`: a command given while Redis is away rejects at once, and one that gets no answer after
 *   `ANSWER_WITHIN_MS`.
 * - `patient`: commands wait for Redis to come back and unanswered ones are sent again.
 */
export type Temper = 'failFast' | 'patient';

/** A fail-fast command must be answered within this; ms. */
export const ANSWER_WITHIN_MS = 2_000;
/** Longest pause between two attempts to reconnect; ms. Bounds how long a stream waits after Redis is back. */
const RECONNECT_CEILING_MS = 500;
/** A TCP connection must be made within this; ms. */
const CONNECT_TIMEOUT_MS = 2_000;
/** Pause before a command is sent again in a cluster that fails over, is down or moves a slot; ms. */
const CLUSTER_RETRY_MS = 100;
/** Redirections a fail-fast command follows at most; each is a round trip. */
const REDIRECTIONS = 5;

const pause = (attempt: number): number => Math.min(10 * 2 ** Math.min(attempt, 10), RECONNECT_CEILING_MS);

/** The client’s types depend on how it is to read replies. */
export type LegacyClusterOptions = ClusterOptions & { redisOptions: { replyMapping: 'legacy' } };

interface CommonOptions {
  readonly connectionName: string;
  readonly connectTimeout: number;
  readonly keepAlive: number;
  readonly maxLoadingRetryTime: number;
  readonly replyMapping: 'legacy';
}

function common(connectionName: string): CommonOptions {
  return {
    connectionName,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: 30_000,
    // Asks a Redis that reads its data whether it is done; the watchdog takes the answers for signs of life.
    maxLoadingRetryTime: 500,
    replyMapping: 'legacy',
  };
}

/** Options of a connection to one server at a time. */
export function serverOptions(
  target: RedisOptions,
  name: string,
  temper: Temper,
): RedisOptions & { replyMapping: 'legacy' } {
  const patient = temper === 'patient';
  return {
    ...target,
    retryStrategy: pause,
    // A primary that has become a replica. Behind sentinels the next connection finds the new one.
    reconnectOnError: ({ message }) => message.includes('READONLY') && (patient && target.sentinels ? 2 : 1),
    ...(patient
      ? { maxRetriesPerRequest: null }
      : {
          enableOfflineQueue: false,
          maxRetriesPerRequest: 0,
          autoResendUnfulfilledCommands: false,
          commandTimeout: ANSWER_WITHIN_MS,
        }),
    ...common(name),
  };
}

/** How to find the one server of a location: an address, or whatever the sentinels call the primary. */
export function serverTarget(location: Exclude<RedisLocation, { kind: 'cluster' }>): RedisOptions {
  if (location.kind === 'server' || location.kind === 'socket') {
    const { kind: _, ...where } = location;
    return where;
  }
  const { sentinels, name, username, password, tls, db } = location;
  return {
    sentinels: sentinels.map((sentinel) => ({ ...sentinel })),
    name,
    sentinelRetryStrategy: pause,
    sentinelCommandTimeout: CONNECT_TIMEOUT_MS / 2,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(db === undefined ? {} : { db }),
    ...(tls === undefined ? {} : { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

/** Options of a client for all nodes of a cluster; fail-fast ones are for a `PromptCluster`. */
export function clusterOptions(
  { username, password, tls }: Extract<RedisLocation, { kind: 'cluster' }>,
  name: string,
  temper: Temper,
): LegacyClusterOptions {
  const patient = temper === 'patient';
  return {
    clusterRetryStrategy: pause,
    // Certificates are for names, so names are not turned into addresses.
    dnsLookup: (address, callback) => callback(null, address),
    maxRedirections: patient ? Infinity : REDIRECTIONS,
    retryDelayOnFailover: patient ? CLUSTER_RETRY_MS : 0,
    retryDelayOnClusterDown: patient ? CLUSTER_RETRY_MS : 0,
    retryDelayOnTryAgain: CLUSTER_RETRY_MS,
    redisOptions: {
      ...common(name),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls === undefined ? {} : { tls }),
      maxRetriesPerRequest: patient ? null : 0,
    },
  };
}
