import type { Catalogue } from '#cluster';
import type { CatalogueModel, Mode } from '#contracts';
import type { Logger } from '#observability';
import type { ModelResidency } from './model-residency.js';
import type { SessionIdentity } from './resident-session.js';

export interface PreloaderParts {
  /** As the operator wrote them. */
  readonly references: readonly string[];
  readonly catalogue: Pick<Catalogue, 'find'>;
  readonly residency: () => Pick<ModelResidency, 'ensure'>;
  /** Whether there is an engine for it here. */
  readonly canRun: (identity: SessionIdentity) => Promise<boolean>;
  readonly logger: Logger;
}

const LOOK_INTERVAL_MS = 1_000;

/** A model that could not be loaded is tried again after this; ms. */
const RETRY_MS = 30_000;

/** Makes the models resident that a worker is to have at hand, once the cluster knows them. */
export class Preloader {
  /** What the models that are to stay are asked for by. */
  private readonly pins = new Map<string, string>();
  /** References to see to, and from when on; ms since the epoch. */
  private readonly due: Map<string, number>;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: PreloaderParts) {
    this.due = new Map(parts.references.map((reference) => [reference, 0]));
  }

  start(): void {
    if (this.due.size === 0) return;
    this.timer = setInterval(() => void this.look(), LOOK_INTERVAL_MS);
    void this.look();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** True for a model that is to stay. */
  pinned(identity: SessionIdentity): boolean {
    return this.pins.has(keyOf(identity));
  }

  /** The session of a model has died: one that is to stay comes back. @param pause for how long it is left alone; ms */
  lost(identity: SessionIdentity, pause = 0): void {
    const reference = this.pins.get(keyOf(identity));
    if (reference !== undefined) this.due.set(reference, Date.now() + pause);
  }

  private async look(): Promise<void> {
    const now = Date.now();
    for (const [reference, from] of this.due) {
      if (from <= now) await this.preload(reference).catch(() => undefined);
    }
  }

  private async preload(reference: string): Promise<void> {
    const { catalogue, residency, canRun, logger } = this.parts;
    const model = await catalogue.find(reference);
    if (model === undefined) return;
    const identity = { modelId: model.id, mode: modeOf(model) };
    if (!(await canRun(identity))) {
      logger.warn('There is no engine for a model that is to be preloaded', { reference });
      return void this.due.set(reference, Date.now() + RETRY_MS);
    }
    this.pins.set(keyOf(identity), reference);
    this.due.set(reference, Infinity);
    residency()
      .ensure(identity, reference)
      .catch(() => this.due.set(reference, Date.now() + RETRY_MS));
  }
}

/** What a model is for, as far as its architecture says: encoders answer nothing but embeddings. */
export function modeOf({ config }: Pick<CatalogueModel, 'config'>): Mode {
  return /bert|embedding|t5encoder/i.test(config.architecture ?? '') ? 'embedding' : 'completion';
}

function keyOf({ modelId, mode }: SessionIdentity): string {
  return `${modelId}.${mode}`;
}
