import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach } from 'vitest';
import type { CatalogueModel } from '#contracts';
import { openRequest } from '#testing';
import { type FakeGateway, startFakeGateway } from '../../../__fakes__/start-fake-gateway.js';

export const ADMIN = 'an-administrators-key';

export const CHAT = { model: 'ai/smollm2', messages: [{ role: 'user', content: 'hi' }] };

export interface Asked {
  /** Sent as a Bearer token. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: unknown;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface GuardedGateway {
  /** That of the running test. */
  readonly fake: FakeGateway;
  readonly ask: (path: string, asked?: Asked) => Promise<Answered>;
  /** Makes a key by the API. @throws Error when it is refused */
  readonly create: (fields: object) => Promise<string>;
}

/** A gateway for each test that asks for keys. */
export function useGuardedGateway(models: readonly CatalogueModel[]): GuardedGateway {
  let fake: FakeGateway | undefined;
  const started = (): FakeGateway => {
    if (fake === undefined) throw new Error('There is no gateway before a test begins.');
    return fake;
  };
  beforeEach(async () => {
    fake = await startFakeGateway({ adminKey: ADMIN });
    fake.cluster.catalogue.models = [...models];
  });
  afterEach(async () => {
    await fake?.gateway.stop(0);
  });
  const ask = async (path: string, { key, headers = {}, ...options }: Asked = {}): Promise<Answered> => {
    const credentials = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const url = `${started().url}${path}`;
    const answer = await openRequest({ url, headers: { ...credentials, ...headers }, ...options });
    return { status: answer.status, headers: answer.headers, text: (await answer.whole()).toString() };
  };
  const create = async (fields: object): Promise<string> => {
    const body = JSON.stringify({ name: 'test', ...fields });
    const { status, text } = await ask('/keys', { key: ADMIN, method: 'POST', body });
    if (status !== 201) throw new Error(`The key was refused: ${text}`);
    return (JSON.parse(text) as { key: string }).key;
  };
  return {
    get fake() {
      return started();
    },
    ask,
    create,
  };
}
