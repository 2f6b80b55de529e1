import { ConfigurationError, processEnvironment, readConfig } from '#config';
import { announceReady, stopOnSignals } from '#lifecycle';
import { createLogger, GatewayMetrics } from '#observability';
import { CompletionsModule } from './completions/completions.module.js';
import { createGateway, type Gateway } from './create-gateway.js';
import { GatewayConfig } from './gateway.config.js';

async function main(): Promise<void> {
  const config = readConfig(GatewayConfig, processEnvironment());
  const logger = createLogger(config.logLevel, config.logFormat).with({ process: 'gateway' });
  const metrics = new GatewayMetrics();
  metrics.collectProcessMetrics();
  const running: { gateway?: Gateway } = {};
  stopOnSignals({
    drainTimeout: config.drainTimeout,
    log: logger,
    stop: async (drainMs) => ({ cut: (await running.gateway?.stop(drainMs)) ?? 0 }),
  });

  const cluster = CompletionsModule.connect({ config, logger });
  running.gateway = await createGateway({ config, logger, metrics, cluster });
  const addresses = await running.gateway.listen();
  logger.info('listening', { host: config.host, ...addresses });
  announceReady(addresses);
}

/** One sentence for what people can mend themselves, the stack for everything else. */
function explain(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return 'The port is taken by another process; set LONGSHORE_PORT to a free one.';
  if (code === 'EACCES') return 'This user may not listen on that port; set LONGSHORE_PORT to 1024 or above.';
  if (code === 'EADDRNOTAVAIL') return 'This machine does not have that address; correct LONGSHORE_HOST.';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
});
