import { GatewayMetrics, Logger, RecentLines } from '#observability';
import { createGateway, type Gateway } from '../create-gateway.js';
import type { Addresses } from '../front-door/listeners.js';
import { GatewayConfig } from '../gateway.config.js';
import { FakeCluster } from './fake-cluster.js';

export interface FakeGateway {
  readonly gateway: Gateway;
  readonly cluster: FakeCluster;
  readonly metrics: GatewayMetrics;
  readonly url: string;
  readonly port: number;
  readonly addresses: Addresses;
  /** What was logged, one JSON object a line. */
  readonly log: string[];
}

/** A real gateway on a port of its own, over a cluster that is not there. */
export async function startFakeGateway(overrides: Partial<GatewayConfig> = {}): Promise<FakeGateway> {
  const config = Object.assign(new GatewayConfig(), { port: 0, ...overrides });
  const log: string[] = [];
  const logger = new Logger({
    level: 'warn',
    format: 'json',
    write: (line) => log.push(line),
    recent: new RecentLines(),
  });
  const metrics = new GatewayMetrics();
  const cluster = new FakeCluster();
  const gateway = await createGateway({ config, logger, metrics, cluster: cluster.module() });
  const addresses = await gateway.listen();
  const { port = 0 } = addresses;
  return { gateway, cluster, metrics, port, addresses, url: `http://127.0.0.1:${port}`, log };
}
