import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { ConfigurationError, processEnvironment, readConfig } from '#config';
import { VARIANT_TRAITS } from '#contracts';
import { createEngines, EngineStartError } from '#engines';
import { announceReady, stopOnSignals } from '#lifecycle';
import { importModelRunnerStore, ModelStore, StoreError } from '#models';
import { createLogger, type Logger, NestLogger } from '#observability';
import { createSource } from './model-source.js';
import { makeRunDirectory } from './run-directory.js';
import { Worker } from './worker.js';
import { type SettledConfig, WorkerConfig } from './worker.config.js';
import { WorkerModule } from './worker.module.js';

async function main(): Promise<void> {
  const wished = readConfig(WorkerConfig, processEnvironment());
  const config: SettledConfig = { ...wished, variant: wished.variant === 'auto' ? 'cpu' : wished.variant };
  const workerId = config.workerId || `${hostname()}-${randomBytes(3).toString('hex')}`;
  const logger = createLogger(config.logLevel, config.logFormat).with({
    process: 'worker',
    worker: workerId,
  });
  const running: { stop?: (drainMs: number) => Promise<void> } = {};
  stopOnSignals({
    drainTimeout: config.drainTimeout,
    log: logger,
    stop: async (drainMs) => running.stop?.(drainMs),
  });

  const { engine, probe } = await chooseEngine(config);
  const store = await openStore(config, logger);
  const models = createSource(config, logger);
  const runDirectory = await makeRunDirectory(config.runDirectory);
  process.once('exit', () => rmSync(runDirectory, { recursive: true, force: true }));

  const { source, registry } = models;
  const worker = new Worker({
    config,
    workerId,
    runDirectory,
    engine,
    probe,
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
  logger.info('ready', { variant: config.variant, engine: engine.driver, version: probe.version });
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

async function chooseEngine(config: SettledConfig) {
  const needed = VARIANT_TRAITS[config.variant];
  const engines = await createEngines({
    environment: processEnvironment(),
    llamaCpp: {
      allowEmbedded: needed.embedded,
      binary: config.llamaServerPath,
      extraArguments: config.llamaArguments.split(/\s+/).filter((argument) => argument !== ''),
    },
  });
  const engine = engines.find(({ name }) => name === needed.engine);
  if (engine === undefined) {
    const advice =
      needed.engine === 'llama.cpp' ? 'set LLAMA_SERVER_PATH' : 'this release does not host it yet';
    throw new EngineStartError(
      `Variant ${config.variant} needs ${needed.engine}, and there is none on this machine: ${advice}.`,
    );
  }
  return { engine, probe: await engine.probe() };
}

main().catch((error: unknown) => {
  const explained =
    error instanceof ConfigurationError || error instanceof EngineStartError || error instanceof StoreError;
  process.stderr.write(
    `${explained ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
});
