import { type CatalogueModel, LongshoreError } from '#contracts';

/** A model as the Models API of Anthropic lists it. */
export interface AnthropicModel {
  readonly type: 'model';
  readonly id: string;
  readonly display_name: string;
  /** RFC 3339. */
  readonly created_at: string;
  readonly max_input_tokens: number | null;
  readonly max_tokens: null;
  readonly lifecycle: 'active';
  readonly capabilities: null;
  readonly deprecated_at: null;
  readonly line: null;
  readonly retires_at: null;
}

export interface AnthropicModelList {
  readonly data: readonly AnthropicModel[];
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
}

/** Which part of the list is wanted, as it stands in the query. */
export interface PageQuery {
  readonly limit?: string;
  readonly after_id?: string;
  readonly before_id?: string;
}

const USUAL_LIMIT = 20;
const MOST_MODELS = 1_000;

export function encodeModel({ id, tags, created, config }: CatalogueModel): AnthropicModel {
  const name = tags[0] ?? id;
  return {
    type: 'model',
    id: name,
    display_name: name.replace(/^docker\.io\//, '').replace(/:latest$/, ''),
    created_at: new Date(created * 1_000).toISOString(),
    max_input_tokens: config.context_size ?? null,
    max_tokens: null,
    lifecycle: 'active',
    capabilities: null,
    deprecated_at: null,
    line: null,
    retires_at: null,
  };
}

/** The newest first. @throws LongshoreError that names the member of the query at fault */
export function encodeModelList(models: readonly CatalogueModel[], query: PageQuery): AnthropicModelList {
  const all = models.toSorted((a, b) => b.created - a.created).map(encodeModel);
  const limit = readLimit(query.limit);
  const end = query.before_id === undefined ? all.length : placeOf(all, query.before_id, 'before_id');
  const start = query.after_id === undefined ? 0 : placeOf(all, query.after_id, 'after_id') + 1;
  const there = all.slice(start, end);
  const backwards = query.before_id !== undefined && query.after_id === undefined;
  const data = backwards ? there.slice(-limit) : there.slice(0, limit);
  return {
    data,
    has_more: data.length < there.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

function placeOf(models: readonly AnthropicModel[], id: string, name: string): number {
  const place = models.findIndex((model) => model.id === id);
  if (place >= 0) return place;
  throw new LongshoreError('invalid_request', `${name}: must be the id of a model of this list.`, name);
}

function readLimit(text: string | undefined): number {
  const limit = text === undefined ? USUAL_LIMIT : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_MODELS) return limit;
  throw new LongshoreError(
    'invalid_request',
    `limit: must be a whole number from 1 to ${MOST_MODELS}.`,
    'limit',
  );
}
