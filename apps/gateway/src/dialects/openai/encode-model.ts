import type { CatalogueModel } from '#contracts';

export interface OpenAiModel {
  readonly id: string;
  readonly object: 'model';
  /** Seconds since the epoch. */
  readonly created: number;
  readonly owned_by: string;
  readonly dmr?: {
    readonly context_window?: number;
    readonly architecture?: string;
    readonly parameters?: string;
    readonly quantization?: string;
    readonly size?: string;
  };
}

/** A model as the OpenAI API lists it, with the Model Runner's `dmr` block; what is unknown is left out. */
export function encodeModel({ id, tags, created, config }: CatalogueModel): OpenAiModel {
  const dmr = {
    ...(config.context_size === undefined ? {} : { context_window: config.context_size }),
    ...(config.architecture ? { architecture: config.architecture } : {}),
    ...(config.parameters ? { parameters: config.parameters } : {}),
    ...(config.quantization ? { quantization: config.quantization } : {}),
    ...(config.size ? { size: config.size } : {}),
  };
  const known = Object.keys(dmr).length > 0 ? { dmr } : {};
  return { id: tags[0] ?? id, object: 'model', created, owned_by: 'docker', ...known };
}

export interface OpenAiModelList {
  readonly object: 'list';
  readonly data: readonly OpenAiModel[];
}

export function encodeModelList(models: readonly CatalogueModel[]): OpenAiModelList {
  return { object: 'list', data: models.map((model) => encodeModel(model)) };
}
