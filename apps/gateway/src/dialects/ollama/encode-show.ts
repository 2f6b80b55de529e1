import type { CatalogueModel, ModelDefaults } from '#contracts';
import { encodeDetails, timeOf } from './encode-models.js';
import type { JsonObject } from './fields.js';

const MS_PER_SECOND = 1_000;
const TEMPLATE_KEY = 'tokenizer.chat_template';

/** What of a model is not in the catalogue. */
export interface ModelExtras {
  /** Of a layer of its own. */
  readonly template?: string;
  readonly license?: string;
  /** It comes with what reads images. */
  readonly projector: boolean;
}

export interface ShownModel {
  /** As the caller wrote it. */
  readonly name: string;
  readonly model: CatalogueModel;
  readonly extras: ModelExtras;
  readonly defaults?: ModelDefaults;
}

/** `POST /api/show`. What is unknown is left out. */
export function encodeShow(shown: ShownModel): JsonObject {
  const { model, defaults, extras } = shown;
  const template = templateOf(model, extras);
  const license = defaults?.license?.join('\n') ?? extras.license;
  const parameters = encodeParameters(defaults?.parameters ?? {});
  return {
    ...(license && { license }),
    modelfile: encodeModelfile(shown, template),
    ...(parameters && { parameters }),
    ...(template && { template }),
    ...(defaults?.system && { system: defaults.system }),
    details: encodeDetails(model.config, defaults?.from),
    ...(defaults?.messages && { messages: defaults.messages }),
    model_info: modelInfo(model),
    capabilities: capabilitiesOf(model, extras),
    modified_at: timeOf(model.created * MS_PER_SECOND),
  };
}

/** The chat template of a model; undefined when it has none, or it is not known. */
export function templateOf({ config }: CatalogueModel, extras: ModelExtras): string | undefined {
  return extras.template ?? config.gguf?.[TEMPLATE_KEY];
}

/** What a model can do, told from its header and template. */
export function capabilitiesOf(model: CatalogueModel, extras: ModelExtras): readonly string[] {
  const metadata = model.config.gguf ?? {};
  if (Object.keys(metadata).some((key) => key.endsWith('.pooling_type'))) return ['embedding'];
  const template = templateOf(model, extras) ?? '';
  return [
    'completion',
    ...(/\btools\b/.test(template) ? ['tools'] : []),
    ...(extras.projector ? ['vision'] : []),
    ...(/<think>|enable_thinking|reasoning_content|reasoning_effort/.test(template) ? ['thinking'] : []),
  ];
}

/** The header of the file, whose members the catalogue keeps as texts. */
function modelInfo({ config }: CatalogueModel): JsonObject {
  const entries = Object.entries(config.gguf ?? config.safetensors ?? {})
    .filter(([key]) => key !== TEMPLATE_KEY)
    .map(([key, text]) => [key, valueOf(text)] as const);
  const count = countOf(config.parameters);
  return {
    ...(config.architecture !== undefined && { 'general.architecture': config.architecture }),
    ...(count !== undefined && { 'general.parameter_count': count }),
    ...Object.fromEntries(entries),
  };
}

function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d{1,15}(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text) ? Number(text) : text;
}

/** `361.82 M` as a number, as far as it says. */
function countOf(parameters = ''): number | undefined {
  const match = /^([\d.]+)\s*([KMBT]?)$/.exec(parameters);
  if (match === null) return undefined;
  const factor = { '': 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 }[match[2] ?? ''] ?? 1;
  return Math.round(Number(match[1]) * factor);
}

/** As Ollama lists them: one a line, texts in quotes, a list as several lines. */
function encodeParameters(parameters: JsonObject): string {
  return parameterEntries(parameters)
    .map(([name, value]) => `${name.padEnd(30)} ${value}`)
    .join('\n');
}

function parameterEntries(parameters: JsonObject): readonly (readonly [string, string])[] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).map(
      (one) => [name, JSON.stringify(one)] as const,
    ),
  );
}

function encodeModelfile({ name, model, defaults }: ShownModel, template: string | undefined): string {
  const parameters = parameterEntries(defaults?.parameters ?? {});
  const lines = [
    `# Modelfile of ${name}`,
    `FROM ${defaults?.from ?? model.tags[0] ?? model.id}`,
    ...(template ? [`TEMPLATE """${template}"""`] : []),
    ...parameters.map(([parameter, value]) => `PARAMETER ${parameter} ${value}`),
    ...(defaults?.system ? [`SYSTEM """${defaults.system}"""`] : []),
    ...(defaults?.messages ?? []).map(
      ({ role, content }) => `MESSAGE ${String(role)} ${JSON.stringify(content ?? '')}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
