import { afterEach, beforeEach } from 'vitest';
import type { SessionAnnouncement } from '#contracts';
import { worker } from '../../__fakes__/fake-workers.js';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';
import type { GatewayConfig } from '../../gateway.config.js';

export let fake: FakeGateway;

/** For each test of the file: a gateway over a cluster that is not there. */
export function useGateway(): void {
  beforeEach(async () => {
    fake = await startFakeGateway();
  });
  afterEach(() => fake.gateway.stop(0));
}

/** Takes the place of the gateway there is. */
export async function restart(overrides: Partial<GatewayConfig>): Promise<void> {
  await fake.gateway.stop(0);
  fake = await startFakeGateway(overrides);
}

export interface Asked {
  /** JSON, or text that is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Status and text. */
export async function ask(
  method: string,
  path: string,
  { body, headers }: Asked = {},
): Promise<[number, string]> {
  const sent =
    body === undefined ? undefined : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(`${fake.url}${path}`, {
    method,
    headers: { ...headers, ...(sent && { 'content-type': 'application/json' }) },
    ...sent,
  });
  return [response.status, await response.text()];
}

/** Makes a worker say that it holds these. */
export function hold(...sessions: SessionAnnouncement[]): void {
  fake.cluster.workers.alive = [{ ...worker(), sessions }];
}
