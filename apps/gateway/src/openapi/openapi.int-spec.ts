import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { GatewayMetrics, Logger, RecentLines } from '#observability';
import { FakeCluster } from '../__fakes__/fake-cluster.js';
import { ask, useGateway } from '../engines/__fixtures__/use-gateway.js';
import { GatewayConfig } from '../gateway.config.js';
import { GatewayModule } from '../gateway.module.js';
import { createHttpAdapter } from '../http/http-adapter.js';
import { OPENAPI_RULES } from './__fixtures__/openapi-rules.js';
import type { OpenApiDocument } from './document.js';

useGateway();

const fetched = async (): Promise<OpenApiDocument> =>
  JSON.parse((await ask('GET', '/openapi.json'))[1]) as OpenApiDocument;

/** Every method and path that Fastify answers, as the document writes them. */
async function registeredRoutes(): Promise<string[]> {
  const adapter = createHttpAdapter({ bodyLimit: 1_024, answerUnroutable: () => undefined });
  const routes = new Set<string>();
  adapter.getInstance().addHook('onRoute', ({ method, path }) => {
    for (const each of [method].flat()) if (each !== 'HEAD') routes.add(`${each.toLowerCase()} ${path}`);
  });
  const logger = new Logger({
    level: 'error',
    format: 'json',
    write: () => undefined,
    recent: new RecentLines(),
  });
  const parts = { config: new GatewayConfig(), logger, metrics: new GatewayMetrics() };
  const cluster = new FakeCluster().module();
  const app = await NestFactory.create<NestFastifyApplication>(
    GatewayModule.over({ ...parts, cluster }),
    adapter,
    {
      bodyParser: false,
      logger: false,
    },
  );
  await app.init();
  await app.close();
  return [...routes].map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
}

function describedRoutes({ paths }: OpenApiDocument): Set<string> {
  return new Set(
    Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, operation]) =>
        [path, ...((operation['x-aliases'] as string[] | undefined) ?? [])].map(
          (each) => `${operation['x-any-method'] === true ? 'any' : method} ${each}`,
        ),
      ),
    ),
  );
}

/** A wildcard stands for everything that is described below its path. */
function isDescribed(route: string, described: ReadonlySet<string>): boolean {
  const [, path = ''] = route.split(' ');
  if (described.has(route) || described.has(`any ${path}`)) return true;
  if (!route.endsWith('/*')) return false;
  return [...described].some((each) => each.startsWith(`${route.slice(0, -1)}{`));
}

describe('GET /openapi.json', () => {
  it('describes every route there is', async () => {
    const routes = await registeredRoutes();
    expect(routes).toContain('post /v1/chat/completions');
    const described = describedRoutes(await fetched());
    expect(routes.filter((route) => !isDescribed(route, described))).toEqual([]);
  });

  it('gives every operation an id of its own, and every failure the shape of its path', async () => {
    const document = await fetched();
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const chat = document.paths['/v1/chat/completions']?.['post']?.['responses'];
    expect(chat).toMatchObject({ 404: { content: { 'application/json': {} } } });
    const remove = document.paths['/models/{model}']?.['delete']?.['responses'];
    expect(remove).toMatchObject({ 400: { content: { 'text/plain': { schema: { type: 'string' } } } } });
  });

  it('describes what stands in the braces of its paths, and nothing else', async () => {
    const { paths } = await fetched();
    for (const [path, item] of Object.entries(paths)) {
      const names = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      for (const { parameters = [] } of Object.values(item)) {
        const inPath = (parameters as { in: string; name: string }[]).filter((each) => each.in === 'path');
        expect({ path, names: new Set(inPath.map(({ name }) => name)) }).toEqual({ path, names });
      }
    }
  });

  it('keeps the rules of OpenAPI 3.1, and its schemas those of JSON Schema', async () => {
    const document = await fetched();
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const validate = ajv.compile(OPENAPI_RULES);
    expect(validate(document) ? [] : validate.errors).toEqual([]);
    const components = document['components'] as { readonly schemas: Readonly<Record<string, object>> };
    const schemas = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, 'document');
    for (const name of Object.keys(components.schemas)) {
      expect(() => schemas.compile({ $ref: `document#/components/schemas/${name}` })).not.toThrow();
    }
  });
});
