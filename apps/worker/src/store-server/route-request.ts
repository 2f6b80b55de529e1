/** What a request to a store server asks for. Digests are the only names. */
export type StoreRoute =
  | { readonly kind: 'manifest' | 'blob' | 'export' | 'push' | 'repackage'; readonly digest: string }
  | { readonly kind: 'load' | 'engine-metrics' }
  | { readonly kind: 'package'; readonly target: string; readonly contextSize?: number }
  | { readonly kind: 'logs'; readonly follow: boolean }
  | { readonly kind: 'remote'; readonly reference: string };

interface Shape {
  readonly kind: Extract<StoreRoute, { readonly digest: string }>['kind'];
  readonly methods: readonly string[];
  readonly path: RegExp;
}

const SHAPES: readonly Shape[] = [
  { kind: 'manifest', methods: ['GET', 'HEAD'], path: /^\/v2\/store\/manifests\/(sha256:[0-9a-f]{64})$/ },
  { kind: 'blob', methods: ['GET', 'HEAD'], path: /^\/v2\/store\/blobs\/(sha256:[0-9a-f]{64})$/ },
  { kind: 'export', methods: ['GET'], path: /^\/models\/(sha256:[0-9a-f]{64})\/export$/ },
  { kind: 'push', methods: ['POST'], path: /^\/models\/(sha256:[0-9a-f]{64})\/push$/ },
  { kind: 'repackage', methods: ['POST'], path: /^\/models\/(sha256:[0-9a-f]{64})\/repackage$/ },
];

/** @returns undefined for everything that is not served. */
export function routeRequest(method: string, url: string): StoreRoute | undefined {
  const cut = url.indexOf('?');
  const path = cut === -1 ? url : url.slice(0, cut);
  if (method === 'POST' && path === '/models/load') return { kind: 'load' };
  if (method === 'GET' && path === '/v1/engine-metrics') return { kind: 'engine-metrics' };
  const query = new URLSearchParams(cut === -1 ? '' : url.slice(cut));
  if (method === 'POST' && path === '/models/package') {
    const [target, contextSize] = [query.get('target'), query.get('contextSize')];
    if (target === null) return undefined;
    return { kind: 'package', target, ...(contextSize !== null && { contextSize: Number(contextSize) }) };
  }
  if (method === 'GET' && path === '/v1/logs')
    return { kind: 'logs', follow: query.get('follow') === 'true' };
  if (method === 'GET' && path === '/remote') {
    const reference = query.get('reference');
    return reference === null ? undefined : { kind: 'remote', reference };
  }
  for (const shape of SHAPES) {
    const digest = shape.path.exec(path)?.[1];
    if (digest !== undefined && shape.methods.includes(method)) return { kind: shape.kind, digest };
  }
  return undefined;
}
