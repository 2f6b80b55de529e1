import { describe, expect, it } from 'vitest';
import { RouteMethods } from './route-methods.js';

const routes = new RouteMethods();
routes.add('/models/*', ['GET', 'DELETE']);
routes.add('/models/*', 'POST');
routes.add('/api/tags', ['GET', 'HEAD']);
routes.add('/api/blobs/*', 'POST');
routes.add('/engines/:engine/v1/responses/:id', 'GET');
routes.add('/engines/:engine/v1/responses/:id', 'DELETE');
routes.add('/engines/:engine/v1/models', 'GET');
routes.add('*', 'OPTIONS');
routes.add('/logs', ['GET', 'OPTIONS']);

describe('RouteMethods', () => {
  it.each([
    ['/api/tags', ['GET', 'HEAD']],
    ['/api/tags/', ['GET', 'HEAD']],
    ['/api/blobs/sha256:1/2', ['POST']],
    ['/engines/vllm/v1/responses/resp_1', ['DELETE', 'GET']],
    ['/logs', ['GET']],
  ])('knows what %s takes: %j', (path, methods) => {
    expect(routes.allowed(path)).toEqual(methods);
  });

  it.each(['/api', '/api/tags/x', '/api/blobs', '/engines/vllm/v1/responses/', '/', '/nothing'])(
    'knows no route at %s',
    (path) => {
      expect(routes.allowed(path)).toEqual([]);
    },
  );

  it.each(['/models/smollm2', '/engines/vllm/v1/models'])(
    'does not tell of %s, where existing clients are told that there is nothing',
    (path) => {
      expect(routes.allowed(path)).toEqual([]);
    },
  );
});
