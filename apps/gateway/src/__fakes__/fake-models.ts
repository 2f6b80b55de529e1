import {
  Catalogue,
  Configurations,
  type ConfiguredSession,
  type DeletedEntry,
  findModel,
  NamedDefaults,
  planRemoval,
} from '#cluster';
import {
  configurationField,
  type ModelDefaults,
  LongshoreError,
  type SessionConfiguration,
  type CatalogueModel,
  type PullEvent,
  type PullJob,
} from '#contracts';
import { Pulls } from '#queue';

export const SMOLLM: CatalogueModel = {
  id: `sha256:${'a'.repeat(64)}`,
  tags: ['docker.io/ai/smollm2:latest'],
  created: 1_742_816_981,
  config: { format: 'gguf', quantization: 'Q4_K_M', parameters: '361.82 M', context_size: 8192 },
  size: 270_590_880,
  origin: `docker.io/ai/smollm2@sha256:${'a'.repeat(64)}`,
};

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
export class FakeNamedDefaults extends NamedDefaults {
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
