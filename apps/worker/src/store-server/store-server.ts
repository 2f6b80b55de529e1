import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { StoreError } from '#models';
import type { Logger } from '#observability';
import { routeRequest, type StoreRoute } from './route-request.js';
import { endExchange, type Exchange, sendJson } from './send.js';
import {
  type ModelServices,
  serveExport,
  serveLoad,
  servePackage,
  servePush,
  serveRemote,
  serveRepackage,
} from './serve-models.js';
import { type MeasuredSession, serveEngineMetrics } from './serve-engine-metrics.js';
import { serveHealth, type WorkerProblems } from './serve-health.js';
import { serveLogs } from './serve-logs.js';
import { serveBlob, serveManifest } from './serve-parts.js';
import { ServedBlobs } from './served-blobs.js';
import type { StoreAccess } from './store-access.js';
import { explainFault, StoreFault } from './store-fault.js';
import { DEFAULT_STORE_LIMITS, type StoreLimits } from './store-limits.js';

export interface StoreServerOptions extends ModelServices {
  readonly access: Pick<StoreAccess, 'accepts'>;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What others reach it by, when that is something else than host and port. */
  readonly url?: string;
  /** Its latest lines are served too. */
  readonly logger: Logger;
  /** Whose metrics are served; absent = none. */
  readonly sessions?: () => readonly MeasuredSession[];
  /** The worker's own, in the text format of Prometheus; absent = none. */
  readonly metrics?: () => Promise<string>;
  /** Why the worker takes no jobs; absent = it does. */
  readonly problems?: WorkerProblems;
  readonly limits?: Partial<StoreLimits>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const EVERYWHERE = ['0.0.0.0', '::'];

/** Serves a model store, and what its worker tells of itself, to the gateways and the other workers of the cluster, and to nobody else. */
export class StoreServer {
  private readonly server: Server;
  private readonly blobs: ServedBlobs;
  private readonly limits: StoreLimits;
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();
  /** Requests of the cluster that are being served. */
  private readonly serving = { requests: 0, followers: 0 };

  constructor(private readonly options: StoreServerOptions) {
    this.limits = { ...DEFAULT_STORE_LIMITS, ...options.limits };
    this.blobs = new ServedBlobs(options.store, () => options.library.stored);
    const listener = (request: IncomingMessage, response: ServerResponse): void =>
      this.accept(request, response);
    this.server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: 0 }, listener);
    // Who sends a large body may wait for our word; it comes after the token was checked.
    this.server.on('checkContinue', listener);
    this.server.maxConnections = this.limits.connections;
    this.server.timeout = this.limits.idle;
  }

  /** @throws StoreError `unusable` when it cannot listen there */
  async start(): Promise<void> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      const fail = ({ message }: Error): void => {
        const advice = 'Set LONGSHORE_STORE_HOST and LONGSHORE_STORE_PORT to an address that is free.';
        reject(new StoreError('unusable', `The model store cannot be served: ${message}. ${advice}`));
      };
      this.server.once('error', fail);
      this.server.listen(port, host, () => {
        this.server.off('error', fail);
        resolve();
      });
    });
  }

  /** Where others find it; undefined before it listens. */
  get url(): string | undefined {
    const address = this.server.address() as AddressInfo | null;
    if (address === null) return undefined;
    const { host, url } = this.options;
    if (url !== undefined && url !== '') return url;
    const name = EVERYWHERE.includes(host) ? hostname() : host;
    return `http://${name.includes(':') ? `[${name}]` : name}:${address.port}`;
  }

  /** Ends all connections and what was being done for them. May be called when it never listened. */
  async stop(): Promise<void> {
    this.stopping.abort(new StoreFault(503, 'stopping', 'The worker is stopping.'));
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await Promise.all([closed, ...this.running]);
  }

  private accept(request: IncomingMessage, response: ServerResponse): void {
    const hangUp = new AbortController();
    response.once('close', () => hangUp.abort(new Error('the caller has hung up')));
    // The stream's own users get the error too.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const signal = AbortSignal.any([hangUp.signal, this.stopping.signal]);
    const serving = this.serve({ request, response, signal, limits: this.limits }).finally(() =>
      this.running.delete(serving),
    );
    this.running.add(serving);
  }

  /** Does not throw. */
  private async serve(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    if (serveHealth(request, response, this.options.problems)) return endExchange(exchange);
    try {
      if (!(await this.options.access.accepts(request.headers.authorization)))
        throw new StoreFault(401, 'unauthorized', 'A token of this cluster is needed.');
      const { method = '', url = '' } = request;
      const route = routeRequest(method, url);
      if (!route) throw new StoreFault(404, 'not-found', 'There is nothing of that name.');
      const place = route.kind === 'logs' && route.follow ? 'followers' : 'requests';
      if (this.serving[place] >= this.limits[place])
        throw new StoreFault(503, 'busy', 'This store serves as many as it can.');
      this.serving[place] += 1;
      await this.dispatch(exchange, route).finally(() => (this.serving[place] -= 1));
    } catch (error) {
      this.refuse(exchange, error);
    }
    await endExchange(exchange);
  }

  private async dispatch(exchange: Exchange, route: StoreRoute): Promise<void> {
    const { options, blobs } = this;
    switch (route.kind) {
      case 'manifest':
        return serveManifest(exchange, options.store, route.digest);
      case 'blob':
        return serveBlob(exchange, { store: options.store, blobs }, route.digest);
      case 'export':
        return serveExport(exchange, options, route.digest);
      case 'push':
        return servePush(exchange, options, route.digest);
      case 'repackage':
        return serveRepackage(exchange, options, route.digest);
      case 'load':
        return serveLoad(exchange, options);
      case 'package':
        return servePackage(exchange, options, route);
      case 'remote':
        return serveRemote(exchange, options, route.reference);
      case 'logs':
        return serveLogs(exchange, options.logger.recent, route.follow);
      case 'engine-metrics':
        return serveEngineMetrics(exchange, options.sessions?.() ?? [], await options.metrics?.());
    }
  }

  private refuse({ request, response, signal }: Exchange, error: unknown): void {
    const fault = explainFault(error);
    if (fault === undefined && !signal.aborted) {
      this.options.logger.error('Could not serve the model store', { url: request.url, error });
    }
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const { status, code, message } = fault ?? new StoreFault(500, 'internal', 'The worker failed.');
    if (status === 401 && code === 'unauthorized') response.setHeader('www-authenticate', 'Bearer');
    if (status === 503) response.setHeader('retry-after', '1');
    sendJson(response, status, { code, message });
  }
}
