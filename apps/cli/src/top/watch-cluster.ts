import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayClient } from '../client/gateway-client.js';
import type { RunningModel } from '../client/wire.js';
import { Scrape } from './scrape.js';
import { type Snapshot, takeSnapshot } from './snapshot.js';

/** Rates are those of this time; ms. */
const WINDOW_MS = 10_000;

/** Looks at a cluster again and again. */
export class ClusterWatch {
  private readonly earlier: Scrape[] = [];

  constructor(private readonly client: GatewayClient) {}

  /** @throws GatewayFailure, or an AbortError */
  async look(signal?: AbortSignal): Promise<Snapshot> {
    const ending = signal === undefined ? {} : { signal };
    const [metrics, running] = await Promise.all([
      this.client.send({ path: '/metrics', ...ending }).then((answer) => answer.text()),
      this.client.send({ path: '/engines/ps', ...ending }).then((answer) => answer.json<RunningModel[]>()),
    ]);
    const scrape = new Scrape(metrics, running, performance.now());
    while (this.earlier.length > 0 && scrape.at - (this.earlier[0]?.at ?? 0) > WINDOW_MS)
      this.earlier.shift();
    // Behind one address there may be several gateways, each of which counts for itself.
    const base = this.earlier.find(({ gateway }) => gateway === scrape.gateway) ?? this.earlier[0];
    this.earlier.push(scrape);
    return takeSnapshot(base, scrape);
  }

  /** A snapshot with rates, which takes `intervalMs`. */
  async measure(intervalMs: number, signal: AbortSignal): Promise<Snapshot> {
    await this.look();
    await sleep(intervalMs, undefined, { signal });
    return this.look();
  }
}
