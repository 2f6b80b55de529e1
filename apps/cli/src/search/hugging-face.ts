import type { FoundModel, HubSearch } from './found-model.js';

interface HubModel {
  readonly id: string;
  readonly modelId?: string;
  readonly likes?: number;
  readonly downloads?: number;
  readonly tags?: readonly string[];
  readonly pipeline_tag?: string;
  readonly createdAt?: string;
  readonly private?: boolean;
}

/** More are not given at once. */
const MOST = 1_000;

/** Models that llama.cpp or vLLM can run, most downloaded first. */
export async function searchHuggingFace({
  term,
  limit,
  fetchJson,
  baseUrl,
}: HubSearch): Promise<FoundModel[]> {
  const query = new URLSearchParams({
    apps: 'vllm,llama.cpp',
    sort: 'downloads',
    direction: '-1',
    limit: String(Math.min(limit, MOST)),
    ...(term === '' ? {} : { search: term }),
  });
  const models = (await fetchJson(`${baseUrl}/api/models?${query.toString()}`)) as readonly HubModel[];
  return models
    .filter((model) => model.private !== true)
    .slice(0, limit)
    .map(describe);
}

function describe({ id, modelId, likes, downloads, tags = [], ...rest }: HubModel): FoundModel {
  return {
    Name: modelId ?? id,
    Description: [rest.pipeline_tag ?? '', ...tags.filter(isTelling)].filter(Boolean).slice(0, 3).join(', '),
    Downloads: downloads ?? 0,
    Stars: likes ?? 0,
    Source: 'HuggingFace',
    Official: false,
    UpdatedAt: rest.createdAt ?? '',
    Backend: engineOf(tags),
    Size: 0,
  };
}

/** Families and kinds, not licences and file formats. */
function isTelling(tag: string): boolean {
  return /^(?:llama|mistral|phi|qwen|gemma|deepseek)|instruct|chat/i.test(tag);
}

function engineOf(tags: readonly string[]): string {
  const engines = [
    ...(tags.includes('gguf') ? ['llama.cpp'] : []),
    ...(tags.includes('safetensors') ? ['vllm'] : []),
  ];
  return engines.length > 0 ? engines.join(',') : 'unknown';
}
