import { ControlSender, WorkerDirectory } from '#cluster';
import {
  type ControlMessage,
  ENVELOPE_VERSION,
  type LoadEvent,
  type LoadJob,
  type Variant,
  WorkerAnnouncement,
} from '#contracts';
import { JobQueue } from '#queue';
import { LoadNews } from '../engines/load-news.js';
import { SMOLLM } from './fake-models.js';

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

/** Hears what workers would be told. */
export class FakeControl implements Pick<ControlSender, 'send'> {
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
export class FakeJobQueue implements Pick<JobQueue, 'addLoad'> {
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
