import { afterEach, beforeEach } from 'vitest';
import { SMOLLM } from './fake-models.js';
import { FakeStoreServer, type StoreReply } from './fake-store-server.js';
import { type FakeGateway, startFakeGateway } from './start-fake-gateway.js';

export const { id: ID } = SMOLLM;
export const NEW_ID = `sha256:${'c'.repeat(64)}`;
export const FORMS = ['smollm2', 'ai/smollm2', 'ai/smollm2:latest', 'docker.io/ai/smollm2:latest'];
export const IDS = [ID, ID.slice(7), ID.slice(7, 19), `ai/smollm2@${ID}`];

export let fake: FakeGateway;
export let stores: FakeStoreServer[];

/** For each test of the file: a gateway, and two workers that serve their stores and have the model. */
export function useStoreGateway(): void {
  beforeEach(async () => {
    fake = await startFakeGateway({ clientStallTimeout: 500 });
    stores = await Promise.all([FakeStoreServer.start(), FakeStoreServer.start()]);
    fake.cluster.workers.alive = stores.map((store, index) => store.announcement(`w${index + 1}`, [ID]));
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.stop()));
    await fake.gateway.stop(0);
  });
}

export const call = (method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(`${fake.url}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

/** Status and text. */
export async function ask(method: string, path: string, body?: unknown): Promise<[number, string]> {
  const response = await call(method, path, body);
  return [response.status, await response.text()];
}

/** Gives every store the same answer. */
export function answer(route: string, reply: StoreReply): void {
  for (const store of stores) store.answers.set(route, reply);
}

export const calls = () => stores.flatMap((store) => store.calls);
