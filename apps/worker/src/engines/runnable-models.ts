import type { Catalogue } from '#cluster';
import type { CatalogueModel, EngineName, Mode, ModelFormat } from '#contracts';
import { type HostedEngines, slotsOf } from './hosted-engines.js';

const DEFAULT_FORMAT: ModelFormat = 'gguf';

export interface RunnableModelsOptions {
  readonly engines: HostedEngines;
  readonly catalogue: Pick<Catalogue, 'find'>;
  /** The name of a model at the attached server; undefined when it is not there. */
  readonly remoteName: (modelId: string) => string | undefined;
  /** What a worker of this kind is for. */
  readonly engine: EngineName;
}

/** Which models this worker has an engine for. */
export class RunnableModels {
  private readonly formats = new Map<string, ModelFormat>();

  constructor(private readonly options: RunnableModelsOptions) {}

  /** True also for a model that nobody knows: loading it says what is wrong. @throws LongshoreError `redis_unavailable` */
  async canRun({ modelId, mode }: { readonly modelId: string; readonly mode: Mode }): Promise<boolean> {
    const { catalogue, engines, remoteName } = this.options;
    const model = await catalogue.find(modelId);
    if (model === undefined) return true;
    const format = formatOf(model);
    this.formats.set(modelId, format);
    const hosted = engines.forFormat(format);
    if (hosted === undefined || !hosted.probe.modes.includes(mode)) return false;
    return format !== 'remote' || remoteName(modelId) !== undefined;
  }

  /** The engine a model is loaded into here, as far as its format is known. */
  engineOf(modelId: string): EngineName {
    const { engines, engine } = this.options;
    return engines.forFormat(this.formatOf(modelId))?.engine.name ?? engine;
  }

  /** Requests a session of the model runs at once here. @param configured 0 = whatever suits the engine */
  slotsOf(modelId: string, configured: number): number {
    return slotsOf(this.options.engines.forFormat(this.formatOf(modelId)), configured);
  }

  formatOf(modelId: string): ModelFormat {
    return this.formats.get(modelId) ?? DEFAULT_FORMAT;
  }
}

function formatOf({ config }: CatalogueModel): ModelFormat {
  return config.format ?? DEFAULT_FORMAT;
}
