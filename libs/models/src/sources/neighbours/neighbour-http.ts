import { RegistryExchange, discard, type RegistryResponse } from '../registry-exchange.js';
import { SourceError } from '../source-error.js';

/** Another store of the cluster that is served. */
export interface Neighbour {
  /** For people. */
  readonly name: string;
  /** `http://host:port` */
  readonly url: string;
}

export interface NeighbourAccess {
  /** The `Authorization` header of one request. */
  authorization(): Promise<string>;
  /** Called when it was refused; true when another try makes sense. */
  reread(): Promise<boolean>;
}

export interface NeighbourRequest {
  /** Below the neighbour's address, without a leading slash. */
  readonly path: string;
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/** A neighbour that sends nothing for so long is given up: others may have the same; ms. */
const IDLE_TIMEOUT_MS = 10_000;

export interface NeighbourLimits {
  /** For the question whether it has something, 2,000 unless told otherwise; ms. */
  readonly answerWithin?: number;
}

/** HTTP between the stores of a cluster. */
export class NeighbourHttp {
  private readonly exchange: RegistryExchange;
  private readonly answerWithin: number;

  constructor(
    private readonly access: NeighbourAccess,
    { answerWithin = 2_000 }: NeighbourLimits = {},
  ) {
    this.answerWithin = answerWithin;
    this.exchange = new RegistryExchange({ idleTimeout: IDLE_TIMEOUT_MS, userAgent: 'longshore' });
  }

  /** Answers of any status. @throws TransientFailure, SourceError; the signal's reason. */
  async get(neighbour: Neighbour, request: NeighbourRequest): Promise<RegistryResponse> {
    const first = await this.send(neighbour, request);
    if (first.status !== 401 || !(await this.access.reread())) return first;
    await discard(first);
    return this.send(neighbour, request);
  }

  /** Whether it has a whole blob. One that does not say so soon counts as not having it. @throws the signal's reason */
  async hasBlob(
    neighbour: Neighbour,
    { digest, size }: { readonly digest: string; readonly size: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const response = await this.get(neighbour, {
        method: 'HEAD',
        path: `v2/store/blobs/${digest}`,
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.answerWithin)]),
      });
      await discard(response);
      return response.status === 200 && Number(response.headers['content-length']) === size;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    await this.exchange.close();
  }

  private async send({ name, url }: Neighbour, request: NeighbourRequest): Promise<RegistryResponse> {
    const { method = 'GET', path, headers, signal } = request;
    if (!URL.canParse(path, url))
      throw new SourceError('failed', `The address of ${name} is no URL: ${url}.`);
    const authorization = await this.access.authorization();
    return this.exchange.send(
      { method, ...(headers && { headers }), signal },
      new URL(path, url),
      authorization,
    );
  }
}
