import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { readConfig, type Environment } from '#config';
import type { Variant } from '#contracts';
import { LaunchProblem } from './launch-problem.js';
import { UpConfig } from './up-config.js';
import { readVariant, type UpOptions } from './up-options.js';

/** The command line over the environment over the defaults. */
export interface UpSettings {
  readonly workers: number;
  readonly gateways: number;
  readonly host: string;
  readonly port: number;
  readonly variant: Variant | undefined;
  readonly data: string;
  readonly modelsPath: string | undefined;
  readonly redisUrl: string | undefined;
  readonly install: boolean;
  readonly logFormat: string;
  readonly drainTimeout: number;
  readonly path: string;
  readonly llamaServerPath: string;
  readonly vllmServerPath: string;
  readonly sglangServerPath: string;
}

/** @throws LaunchProblem or ConfigurationError */
export function readSettings(options: UpOptions, environment: Environment): UpSettings {
  const config = readConfig(UpConfig, environment);
  const asked = config.variant === '' ? undefined : readVariant('LONGSHORE_VARIANT', config.variant);
  const data = options.data ?? config.data;
  if (data === '' && config.home === '') {
    throw new LaunchProblem(
      'There is no HOME folder to keep the data in. Choose one: npm start -- --data DIR',
    );
  }
  return {
    workers: options.workers,
    gateways: options.gateways,
    host: config.host,
    port: options.port ?? config.port,
    variant: options.variant ?? asked,
    data: data === '' ? join(config.home, '.longshore') : data,
    modelsPath: config.modelsPath || undefined,
    redisUrl: options.redis ?? (config.redisUrl || undefined),
    install: config.install,
    logFormat: config.logFormat,
    drainTimeout: config.drainTimeout,
    path: config.path,
    llamaServerPath: config.llamaServerPath,
    vllmServerPath: config.vllmServerPath,
    sglangServerPath: config.sglangServerPath,
  };
}

/** A name for the `number`-th worker of a data folder that no worker elsewhere has. */
export function workerId(number: number, dataFolder: string, host = hostname()): string {
  const digest = createHash('sha256').update(`${host}\n${dataFolder}`).digest('hex').slice(0, 6);
  return `worker-${number}-${digest}`;
}

/** Threads of each engine when `workers` share the machine; undefined leaves it to the worker. */
export function threadShare(cores: number, workers: number): number | undefined {
  return workers > 1 ? Math.max(1, Math.floor(cores / workers)) : undefined;
}
