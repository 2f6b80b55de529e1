import { Module, type DynamicModule } from '@nestjs/common';
import {
  ApiKeys,
  Catalogue,
  Configurations,
  ControlSender,
  KeyUsage,
  NamedDefaults,
  StoreSecret,
  WorkerDirectory,
} from '#cluster';
import { JobQueue, Pulls } from '#queue';
import { Completions } from '../completions/completions.js';
import { StoredResponses } from '../dialects/responses/stored-responses.js';
import { RecordedRequests } from '../engines/requests/recorded-requests.js';
import { LoadNews } from '../engines/load-news.js';
import { Streams } from '../streams/streams.js';
import { RedisProbe } from '../health/redis-probe.js';
import { FakeApiKeys, FakeKeyUsage } from './fake-keys.js';
import { type WaitingRoom, WaitingRooms } from '../metrics/waiting-rooms.js';
import {
  FakeCompletions,
  FakeRecordedRequests,
  FakeStoredResponses,
  FakeStreams,
} from './fake-completions.js';
import { FakeCatalogue, FakeConfigurations, FakeNamedDefaults, FakePulls } from './fake-models.js';
import { FakeControl, FakeJobQueue, FakeLoadNews, FakeWorkers } from './fake-workers.js';

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
