import { ConfigurationError, processEnvironment, readConfig } from '#config';
import { createLogger, GatewayMetrics, type Logger } from '#observability';
import { CompletionsModule } from './completions/completions.module.js';
import { createGateway, type Gateway } from './create-gateway.js';
import { GatewayConfig } from './gateway.config.js';

/** What a parent that started this process over an IPC channel is told once it can be used. */
interface ReadyMessage {
  readonly type: 'ready';
  readonly port: number;
}

async function main(): Promise<void> {
  const config = readConfig(GatewayConfig, processEnvironment());
  const logger = createLogger(config.logLevel, config.logFormat).with({ process: 'gateway' });
  const metrics = new GatewayMetrics();
  metrics.collectProcessMetrics();
  const running: { gateway?: Gateway } = {};
  stopOnSignals(config, logger, async (drainMs) => running.gateway?.stop(drainMs) ?? 0);

  const cluster = CompletionsModule.connect({ config, logger });
  running.gateway = await createGateway({ config, logger, metrics, cluster });
  const port = await running.gateway.listen();
  logger.info('listening', { host: config.host, port });
  process.send?.({ type: 'ready', port } satisfies ReadyMessage);
}

/** The first signal stops gracefully, the second at once; so does the death of the parent that holds our channel. */
function stopOnSignals(
  config: GatewayConfig,
  logger: Logger,
  stopGateway: (drainMs: number) => Promise<number>,
): void {
  let stopping = false;
  const stop = (reason: string, drainMs: number): void => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info('stopping', { reason });
    stopGateway(drainMs).then(
      (cut) => {
        logger.info('stopped', { cut });
        process.exit(0);
      },
      (error: unknown) => {
        logger.error('could not stop cleanly', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM', config.drainTimeout));
  process.on('SIGINT', () => stop('SIGINT', config.drainTimeout));
  if (process.channel) process.on('disconnect', () => stop('the parent is gone', 0));
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
