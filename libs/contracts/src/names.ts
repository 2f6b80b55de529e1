import type { Mode, Variant } from './vocabulary.js';

/**
 * Every Redis name in the cluster comes from here. All names start with the namespace, so several clusters (or
 * tests) can share one Redis. A queue's keys carry its name as hash tag: one queue lives in one Redis Cluster slot.
 */
export class Names {
  constructor(readonly namespace: string = 'longshore') {}

  /** What all keys of one queue begin with. */
  queueKey(queue: string): string {
    return `${this.namespace}:{${queue}}`;
  }

  /** `PUBLISH`ed frames for one gateway process, in a Redis Cluster by the node of {@link responsesKey}. */
  replyChannel(gatewayId: string): string {
    return `${this.namespace}:reply:${gatewayId}`;
  }

  /**
   * What all keys of one gateway's responses begin with, so that they share a Redis Cluster slot. `<base>:log:<stream>`
   * is a string: the frames of one response, one after the other. `<base>:fences` is a hash: stream to the attempt that
   * owns the log; `tidy at` to the number of fields at which it is tidied next.
   */
  responsesKey(gatewayId: string): string {
    return `${this.namespace}:{${gatewayId}}`;
  }

  /** The log of one response. */
  logKey(gatewayId: string, stream: number): string {
    return `${this.responsesKey(gatewayId)}:log:${stream}`;
  }

  /** `ResponseRecord` JSON. Lives as long as the log of the response. */
  responseRecordKey(requestId: string): string {
    return `${this.namespace}:response:${requestId}`;
  }

  /** One response of the Responses API, with what it was asked for. */
  storedResponseKey(id: string): string {
    return `${this.namespace}:stored-response:${id}`;
  }

  /** Exists while somebody on another gateway reads the response. */
  readersKey(requestId: string): string {
    return `${this.namespace}:readers:${requestId}`;
  }

  /** Exists while the gateway lives. */
  gatewayKey(gatewayId: string): string {
    return `${this.namespace}:gateway:${gatewayId}`;
  }

  /** `IdempotencyClaim` JSON of the request made with an `Idempotency-Key`. @param digest hex digest of scope and key */
  idempotencyKey(digest: string): string {
    return `${this.namespace}:idempotency:${digest}`;
  }

  /** Control messages for one worker. */
  workerChannel(workerId: string): string {
    return `${this.namespace}:control:${workerId}`;
  }

  /** Control messages for every worker. */
  workersChannel(): string {
    return `${this.namespace}:control`;
  }

  /** Announcements of all workers, one message each heartbeat. */
  presenceChannel(): string {
    return `${this.namespace}:presence`;
  }

  /** Latest announcement of one worker; expires when its heartbeat stops. */
  workerKey(workerId: string): string {
    return `${this.namespace}:worker:${workerId}`;
  }

  /** Sorted set of worker ids by last heartbeat, in ms since the epoch. */
  workersKey(): string {
    return `${this.namespace}:workers`;
  }

  /** Hash: model id to `CatalogueModel` JSON. */
  catalogueModelsKey(): string {
    return `${this.namespace}:{catalogue}:models`;
  }

  /** Hash: full reference to model id. */
  catalogueTagsKey(): string {
    return `${this.namespace}:{catalogue}:tags`;
  }

  /** Hash: full reference to the time it was removed, in ms since the epoch. */
  catalogueTombstonesKey(): string {
    return `${this.namespace}:{catalogue}:tombstones`;
  }

  /** Hash: full reference to `ModelDefaults` JSON. */
  catalogueDefaultsKey(): string {
    return `${this.namespace}:{catalogue}:defaults`;
  }

  /** A message here means: the catalogue has changed, read it again. */
  catalogueChannel(): string {
    return `${this.namespace}:catalogue`;
  }

  /** The secret by which gateways and workers recognise each other at a worker's store server. */
  storeSecretKey(): string {
    return `${this.namespace}:store-secret`;
  }

  /** Hash: SHA-256 of an API key in hex to `ApiKey` JSON. */
  apiKeysKey(): string {
    return `${this.namespace}:{api-keys}:keys`;
  }

  /** Hash: id of an API key to when it was last used, in ms since the epoch; coarse. */
  apiKeyUsesKey(): string {
    return `${this.namespace}:{api-keys}:uses`;
  }

  /** A message here means: API keys have changed, forget what was read of them. */
  apiKeysChannel(): string {
    return `${this.namespace}:api-keys`;
  }

  /** Hash: what an API key has used up of its limits. Expires when nothing is used up. */
  apiKeyLimitsKey(id: string): string {
    return `${this.namespace}:{api-key:${id}}:limits`;
  }

  /** Tokens that an API key was charged for a response that may be read again. @param digest as of `ownerKey` */
  chargedKey(id: string, digest: string): string {
    return `${this.namespace}:{api-key:${id}}:charged:${digest}`;
  }

  /** Id of the API key that a response was made for. @param digest of `ownedDigest` in `libs/cluster` */
  ownerKey(digest: string): string {
    return `${this.namespace}:owner:${digest}`;
  }

  /** Progress of all pulls. */
  pullsChannel(): string {
    return `${this.namespace}:pulls`;
  }

  /** Hash: the worker that fetches a blob for the whole cluster, and how far it is. Expires with its holder. */
  downloadKey(digest: string): string {
    return `${this.namespace}:download:${digest}`;
  }

  /** Hash: `<64 hex>.<mode>` to `SessionConfiguration` JSON. */
  configurationsKey(): string {
    return `${this.namespace}:configurations`;
  }

  /** `LoadEvent`s of all workers. */
  loadsChannel(): string {
    return `${this.namespace}:loads`;
  }

  /** List: the latest `RecordedRequest`s of a model as JSON, newest first. Only where requests are recorded. */
  recordedRequestsKey(modelId: string): string {
    return `${this.namespace}:requests:${modelId}`;
  }

  /** Every `RecordedRequest` as it is recorded. */
  recordedRequestsChannel(): string {
    return `${this.namespace}:requests`;
  }

  /** Sorted set of a variant's completion queues by when a job was last put in, in ms since the epoch. */
  demandKey(variant: Variant): string {
    return `${this.namespace}:demand:${variant}`;
  }

  /** Held by the worker that is adding one more session for a queue. */
  expansionLeaseKey(queue: string): string {
    return `${this.namespace}:expansion:${queue}`;
  }
}

/** Downloads, by the variant of the workers that are to do them. */
export function pullQueue(variant: Variant): string {
  return `pull.${variant}`;
}

/** Requests to some worker of a variant to make a model resident. */
export function loadQueue(variant: Variant): string {
  return `load.${variant}`;
}

/** The two parts of a request id. */
export interface RequestIdParts {
  readonly gatewayId: string;
  readonly stream: number;
}

/** The id of a request over the whole cluster: `<gateway id>.<stream>`. */
export function requestIdOf({ gatewayId, stream }: RequestIdParts): string {
  return `${gatewayId}.${stream}`;
}

/** The inverse of {@link requestIdOf}; undefined for text that is no request id, so that each has one way to be written. */
export function parseRequestId(text: string): RequestIdParts | undefined {
  const match = /^([\w-]{1,64})\.(0|[1-9]\d{0,9})$/.exec(text);
  if (!match) return undefined;
  const stream = Number(match[2]);
  return stream <= 0xffff_ffff ? { gatewayId: match[1] ?? '', stream } : undefined;
}

/** What one completion queue serves. */
export interface CompletionQueueParts {
  readonly variant: Variant;
  /** `sha256:` + 64 hex. */
  readonly modelId: string;
  readonly mode: Mode;
}

/** The waiting room of a model in one mode on a variant: `completion.<variant>.<64 hex>.<mode>`. */
export function completionQueue({ variant, modelId, mode }: CompletionQueueParts): string {
  return `completion.${variant}.${modelId.replace(/^sha256:/, '')}.${mode}`;
}

/** The inverse of {@link completionQueue}; undefined for any other name. */
export function parseCompletionQueue(queue: string): CompletionQueueParts | undefined {
  const match = /^completion\.([a-z-]+)\.([0-9a-f]{64})\.([a-z]+)$/.exec(queue);
  if (!match) return undefined;
  return { variant: match[1] as Variant, modelId: `sha256:${match[2]}`, mode: match[3] as Mode };
}
