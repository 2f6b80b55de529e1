import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { ConfigurationError, processEnvironment, readConfig } from '#config';
import { EngineStartError } from '#engines';
import { announceReady, stopOnSignals } from '#lifecycle';
import { importModelRunnerStore, ModelStore, StoreError } from '#models';
import { createLogger, type Logger, NestLogger } from '#observability';
import { findEngines } from './engines/find-engines.js';
import { Machine } from './machine/machine.js';
import { createSource } from './model-source.js';
import { makeRunDirectory } from './run-directory.js';
import { Worker } from './worker.js';
import { type SettledConfig, WorkerConfig } from './worker.config.js';
import { WorkerModule } from './worker.module.js';

async function main(): Promise<void> {
  const wished = readConfig(WorkerConfig, processEnvironment());
  const workerId = wished.workerId || `${hostname()}-${randomBytes(3).toString('hex')}`;
  const logger = createLogger(wished.logLevel, wished.logFormat).with({
    process: 'worker',
    worker: workerId,
  });
  const running: { stop?: (drainMs: number) => Promise<void> } = {};
  stopOnSignals({
    drainTimeout: wished.drainTimeout,
    log: logger,
    stop: async (drainMs) => running.stop?.(drainMs),
  });

  const environment = processEnvironment();
  const machine = await Machine.inspect({ environment });
  const { config, engines, attached } = await findEngines(wished, { machine, environment, logger });
  const store = await openStore(config, logger);
  const models = createSource(config, logger);
  const runDirectory = await makeRunDirectory(config.runDirectory);
  process.once('exit', () => rmSync(runDirectory, { recursive: true, force: true }));

  const { source, registry } = models;
  const worker = new Worker({
    config,
    workerId,
    runDirectory,
    engines,
    attached,
    machine,
    store,
    source,
    registry,
    logger,
  });
  await worker.start();
  const app = await NestFactory.createApplicationContext(WorkerModule.forWorker(worker, config), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  running.stop = async (drainMs) => {
    // Both at once: consumers must take nothing that a draining worker would only hand back.
    await Promise.all([worker.drain(drainMs), app.close()]);
    await worker.stop();
    await models.close();
  };
  const hosted = engines.announce().map(({ driver, version }) => `${driver} ${version}`);
  logger.info('ready', { variant: config.variant, engines: hosted });
  announceReady({ workerId });
}

/** @throws StoreError */
async function openStore(
  { modelsPath, storeQuota, importStore }: SettledConfig,
  logger: Logger,
): Promise<ModelStore> {
  const directory = modelsPath || join(homedir(), '.longshore', 'models');
  const store = await ModelStore.open(directory, { quota: storeQuota });
  logger.info('Opened the model store', { directory, quota: storeQuota, ...store.traits });
  if (importStore !== '') {
    const { imported, present, skipped } = await importModelRunnerStore({ from: importStore, to: store });
    logger.info('Took models over', { from: importStore, imported, present: present.length, skipped });
  }
  return store;
}

main().catch((error: unknown) => {
  const explained =
    error instanceof ConfigurationError || error instanceof EngineStartError || error instanceof StoreError;
  process.stderr.write(
    `${explained ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
});
