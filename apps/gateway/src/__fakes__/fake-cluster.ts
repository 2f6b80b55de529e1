import { Module, type DynamicModule } from '@nestjs/common';
import {
  ApiKeys,
  Catalogue,
  Configurations,
  type ConfiguredSession,
  ControlSender,
  type DeletedEntry,
  findModel,
  KeyUsage,
  NamedDefaults,
  planRemoval,
  StoreSecret,
  WorkerDirectory,
} from '#cluster';
import {
  configurationField,
  type ControlMessage,
  ENVELOPE_VERSION,
  type LoadEvent,
  type LoadJob,
  type ModelDefaults,
  type RecordedRequest,
  LongshoreError,
  type SessionConfiguration,
  type Variant,
  WorkerAnnouncement,
  type CatalogueModel,
  type PullEvent,
  type PullJob,
} from '#contracts';
import { JobQueue, Pulls } from '#queue';
import type { LoggedResponse } from '#streaming';
import {
  type AcceptedCompletion,
  Completions,
  type CompletionRequest,
  type CompletionResponse,
} from '../completions/completions.js';
import type { Whereabouts } from '../completions/whereabouts.js';
import { type StoredResponse, StoredResponses } from '../dialects/responses/stored-responses.js';
import { RecordedRequests } from '../engines/requests/recorded-requests.js';
import { LoadNews } from '../engines/load-news.js';
import { type FollowOptions, type StreamName, Streams } from '../streams/streams.js';
import { RedisProbe } from '../health/redis-probe.js';
import { FakeApiKeys, FakeKeyUsage } from './fake-keys.js';
import { type WaitingRoom, WaitingRooms } from '../metrics/waiting-rooms.js';

export const SMOLLM: CatalogueModel = {
  id: `sha256:${'a'.repeat(64)}`,
  tags: ['docker.io/ai/smollm2:latest'],
  created: 1_742_816_981,
  config: { format: 'gguf', quantization: 'Q4_K_M', parameters: '361.82 M', context_size: 8192 },
  size: 270_590_880,
  origin: `docker.io/ai/smollm2@sha256:${'a'.repeat(64)}`,
};

type Run = (request: CompletionRequest, signal: AbortSignal) => Promise<CompletionResponse>;

/** Answers as the test says, and keeps what it was asked. */
export class FakeCompletions extends Completions {
  readonly requests: CompletionRequest[] = [];
  respond: Run = async () => jsonResponse('{"object":"chat.completion"}');

  override run(request: CompletionRequest, signal: AbortSignal): Promise<CompletionResponse> {
    this.requests.push(request);
    if (findModel([SMOLLM], request.model) === undefined) {
      throw new LongshoreError('model_not_found', `No such model: ${request.model}`, 'model');
    }
    return this.respond(request, signal);
  }

  override letAllGo(): void {}

  /** Where every request is, for those who ask. */
  whereabouts: Whereabouts = { state: 'running' };

  override async locate(requests: readonly AcceptedCompletion[]): Promise<readonly Whereabouts[]> {
    return requests.map(() => this.whereabouts);
  }
}

/** Has the responses that a test gives it. */
export class FakeStreams extends Streams {
  readonly responses = new Map<string, (options: FollowOptions) => CompletionResponse>();
  readonly logs = new Map<string, LoggedResponse>();
  readonly cancelled: string[] = [];

  override async follow({ text }: StreamName, options: FollowOptions): Promise<CompletionResponse> {
    const respond = this.responses.get(text);
    if (respond === undefined) throw new LongshoreError('stream_not_found');
    return respond(options);
  }

  override async snapshot(requestId: string): Promise<LoggedResponse | undefined> {
    return this.logs.get(requestId);
  }

  override async cancel({ text }: StreamName): Promise<void> {
    if (!this.responses.has(text)) throw new LongshoreError('stream_not_found');
    this.cancelled.push(text);
  }
}

/** Keeps responses for as long as it lives. */
export class FakeStoredResponses extends StoredResponses {
  private readonly kept = new Map<string, StoredResponse>();

  override async put(response: StoredResponse): Promise<StoredResponse> {
    const standing = this.kept.get(response.id) ?? response;
    this.kept.set(response.id, standing);
    return standing;
  }

  override async update(response: StoredResponse): Promise<void> {
    if (this.kept.has(response.id)) this.kept.set(response.id, response);
  }

  override async find(id: string): Promise<StoredResponse | undefined> {
    return this.kept.get(id);
  }

  override async delete(id: string): Promise<boolean> {
    return this.kept.delete(id);
  }
}

export class FakeCatalogue extends Catalogue {
  models: CatalogueModel[] = [SMOLLM];

  override async list(): Promise<readonly CatalogueModel[]> {
    return this.models;
  }

  override async find(text: string): Promise<CatalogueModel | undefined> {
    return findModel(this.models, text);
  }

  override async put(model: CatalogueModel): Promise<void> {
    this.models.push(model);
  }

  override async remove(text: string, { force }: { force: boolean }): Promise<readonly DeletedEntry[]> {
    const model = findModel(this.models, text);
    if (model === undefined) throw new LongshoreError('model_not_found', `No such model: ${text}`);
    return planRemoval(model, text, force).entries;
  }

  override async tag(text: string, reference: string): Promise<CatalogueModel> {
    const model = findModel(this.models, text);
    if (model === undefined) throw new LongshoreError('model_not_found', `No such model: ${text}`);
    this.models = this.models.map((other) => ({
      ...other,
      tags: [...other.tags.filter((tag) => tag !== reference), ...(other.id === model.id ? [reference] : [])],
    }));
    return model;
  }

  override async purge(): Promise<void> {
    this.models = [];
  }

  override async removed(): Promise<ReadonlySet<string>> {
    return new Set();
  }
}

export class FakePulls extends Pulls {
  readonly jobs: PullJob[] = [];
  events: (signal: AbortSignal) => AsyncIterable<PullEvent> = async function* () {};

  override follow(job: PullJob, signal: AbortSignal): AsyncIterable<PullEvent> {
    this.jobs.push(job);
    return this.events(signal);
  }

  /** References whose pulls were cancelled. */
  readonly cancelled: string[] = [];
  /** References that are being pulled. */
  readonly running = new Set<string>();

  override async cancel(reference: string): Promise<boolean> {
    this.cancelled.push(reference);
    return this.running.delete(reference);
  }

  override async cancelAll(): Promise<void> {
    for (const reference of this.running) await this.cancel(reference);
  }
}

export class FakeWorkers extends WorkerDirectory {
  alive: WorkerAnnouncement[] = [worker()];

  override workers(): readonly WorkerAnnouncement[] {
    return this.alive;
  }

  private readonly listeners = new Set<(workerId: string) => void>();

  override onLost(listener: (workerId: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Says that a worker is gone. */
  lose(workerId: string): void {
    this.alive = this.alive.filter((announced) => announced.workerId !== workerId);
    for (const listener of this.listeners) listener(workerId);
  }
}

/** Keeps configurations for as long as it lives. */
export class FakeConfigurations extends Configurations {
  readonly kept = new Map<string, SessionConfiguration>();
  /** What others do while somebody thinks about what was read; once. */
  meanwhile: (() => void) | undefined;

  override async get(session: ConfiguredSession): Promise<SessionConfiguration | undefined> {
    const standing = this.kept.get(configurationField(session));
    this.interrupt();
    return standing;
  }

  override async update(
    session: ConfiguredSession,
    change: (standing: SessionConfiguration | undefined) => SessionConfiguration | undefined,
  ): Promise<SessionConfiguration | undefined> {
    const field = configurationField(session);
    for (;;) {
      const standing = this.kept.get(field);
      const next = change(standing);
      this.interrupt();
      if (next === undefined) return undefined;
      if (this.kept.get(field) !== standing) continue;
      this.kept.set(field, next);
      return next;
    }
  }

  private interrupt(): void {
    const { meanwhile } = this;
    this.meanwhile = undefined;
    meanwhile?.();
  }

  override async put(configuration: SessionConfiguration): Promise<void> {
    this.kept.set(configurationField(configuration), configuration);
  }

  override async remove(session: ConfiguredSession): Promise<boolean> {
    return this.kept.delete(configurationField(session));
  }

  override async removeModel(modelId: string): Promise<number> {
    const fields = [...this.kept].filter(([, kept]) => kept.modelId === modelId);
    return fields.filter(([field]) => this.kept.delete(field)).length;
  }

  override async clear(): Promise<void> {
    this.kept.clear();
  }

  override async all(): Promise<readonly SessionConfiguration[]> {
    return [...this.kept.values()];
  }
}

/** Keeps what names bring along for as long as it lives. */
class FakeNamedDefaults extends NamedDefaults {
  readonly kept = new Map<string, ModelDefaults>();

  override async find(reference: string): Promise<ModelDefaults | undefined> {
    return this.kept.get(reference);
  }

  override async put(defaults: ModelDefaults): Promise<void> {
    this.kept.set(defaults.reference, defaults);
  }

  override async remove(reference: string): Promise<void> {
    this.kept.delete(reference);
  }
}

/** Hears what workers would be told. */
class FakeControl implements Pick<ControlSender, 'send'> {
  readonly sent: Omit<ControlMessage, 'version'>[] = [];
  listening = 1;
  /** What the workers do about it. */
  onSend: (fields: Omit<ControlMessage, 'version'>) => void = () => undefined;

  async send(_workerId: string | undefined, fields: Omit<ControlMessage, 'version'>): Promise<number> {
    this.sent.push(fields);
    this.onSend(fields);
    return this.listening;
  }
}

/** Keeps the loads that were asked for. */
class FakeJobQueue implements Pick<JobQueue, 'addLoad'> {
  readonly loads: { readonly variant: Variant; readonly job: LoadJob }[] = [];

  async addLoad(variant: Variant, job: LoadJob): Promise<void> {
    this.loads.push({ variant, job });
  }
}

export class FakeLoadNews extends LoadNews {
  private readonly listeners = new Set<(event: LoadEvent) => void>();

  override listen(listener: (event: LoadEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Says how far the load of the model is on a worker. */
  tell(event: Omit<LoadEvent, 'version' | 'modelId' | 'variant' | 'mode'> & Partial<LoadEvent>): void {
    const full = {
      version: ENVELOPE_VERSION,
      modelId: SMOLLM.id,
      variant: 'cpu',
      mode: 'completion',
      ...event,
    };
    for (const listener of this.listeners) listener(full as LoadEvent);
  }
}

/** Keeps records for as long as it lives. */
export class FakeRecordedRequests extends RecordedRequests {
  readonly kept: RecordedRequest[] = [];
  readonly listeners = new Set<(record: RecordedRequest) => void>();

  override async add(record: RecordedRequest): Promise<void> {
    this.kept.push(record);
    for (const listener of this.listeners) listener(record);
  }

  override async of(modelId: string): Promise<readonly RecordedRequest[]> {
    return this.kept.filter((record) => record.modelId === modelId);
  }

  override listen(listener: (record: RecordedRequest) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** The secret that Redis would keep. */
class FakeStoreSecret implements Pick<StoreSecret, 'get' | 'refresh'> {
  /** What Redis has. */
  kept = 'ab'.repeat(32);
  private known: string | undefined;

  async get(): Promise<string> {
    return (this.known ??= this.kept);
  }

  async refresh(): Promise<string> {
    return (this.known = this.kept);
  }
}

/** Has the rooms that a test gives it. */
class FakeWaitingRooms extends WaitingRooms {
  rooms: WaitingRoom[] = [];
  reachable = true;

  override async read(): Promise<readonly WaitingRoom[]> {
    if (!this.reachable) throw new Error('connection refused');
    return this.rooms;
  }
}

class FakeRedis extends RedisProbe {
  reachable = true;

  override async ping(): Promise<void> {
    if (!this.reachable) throw new Error('connection refused');
  }
}

export function worker(): WorkerAnnouncement {
  return Object.assign(new WorkerAnnouncement(), {
    workerId: 'w1',
    variant: 'cpu',
    release: '0.0.0',
    host: 'here',
    pid: 1,
    draining: false,
    engines: [{ name: 'llama.cpp', driver: 'llama-server', version: 'b1', formats: ['gguf'] }],
    sessions: [],
    memoryTotal: 1,
    memoryFree: 1,
    models: [],
  });
}

/** A whole cluster that is not there. */
export class FakeCluster {
  readonly completions = new FakeCompletions();
  readonly streams = new FakeStreams();
  readonly catalogue = new FakeCatalogue();
  readonly pulls = new FakePulls();
  readonly workers = new FakeWorkers();
  readonly redis = new FakeRedis();
  readonly rooms = new FakeWaitingRooms();
  readonly storeSecret = new FakeStoreSecret();
  readonly configurations = new FakeConfigurations();
  readonly control = new FakeControl();
  readonly defaults = new FakeNamedDefaults();
  readonly queue = new FakeJobQueue();
  readonly loadNews = new FakeLoadNews();
  readonly recordedRequests = new FakeRecordedRequests();
  readonly keys = new FakeApiKeys();
  readonly keyUsage = new FakeKeyUsage();

  module(): DynamicModule {
    const providers = [
      { provide: Completions, useValue: this.completions },
      { provide: Streams, useValue: this.streams },
      { provide: StoredResponses, useValue: new FakeStoredResponses() },
      { provide: Catalogue, useValue: this.catalogue },
      { provide: Pulls, useValue: this.pulls },
      { provide: WorkerDirectory, useValue: this.workers },
      { provide: StoreSecret, useValue: this.storeSecret },
      { provide: Configurations, useValue: this.configurations },
      { provide: NamedDefaults, useValue: this.defaults },
      { provide: ControlSender, useValue: this.control },
      { provide: JobQueue, useValue: this.queue },
      { provide: LoadNews, useValue: this.loadNews },
      { provide: RecordedRequests, useValue: this.recordedRequests },
      { provide: RedisProbe, useValue: this.redis },
      { provide: ApiKeys, useValue: this.keys },
      { provide: KeyUsage, useValue: this.keyUsage },
      { provide: WaitingRooms, useValue: this.rooms },
    ];
    return { module: FakeClusterModule, providers, exports: providers };
  }
}

@Module({})
class FakeClusterModule {}

export function jsonResponse(body: string): CompletionResponse {
  return response('application/json', [body]);
}

export function eventStream(events: Iterable<string> | AsyncIterable<string>): CompletionResponse {
  return response('text/event-stream', events);
}

function response(type: string, chunks: Iterable<string> | AsyncIterable<string>): CompletionResponse {
  async function* body(): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of chunks) yield Buffer.from(chunk);
  }
  return { status: 200, headers: { 'content-type': type }, body: body() };
}
