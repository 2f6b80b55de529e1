import type { FoundModel, HubSearch } from './found-model.js';

interface Page {
  readonly next?: string | null;
  readonly results?: readonly Repository[];
}

interface Repository {
  readonly name: string;
  readonly namespace: string;
  readonly description?: string | null;
  readonly is_private?: boolean;
  readonly star_count?: number;
  readonly pull_count?: number;
  readonly last_updated?: string | null;
}

const ORGANISATION = 'ai';
const LARGEST_PAGE = 100;
/** The organisation has a few hundred models; a hub that always names a next page must not be followed for ever. */
const MOST_PAGES = 20;

/** The models of the `ai` organisation, most pulled first; the term is looked for in names and descriptions. */
export async function searchDockerHub({ term, limit, fetchJson, baseUrl }: HubSearch): Promise<FoundModel[]> {
  const found: FoundModel[] = [];
  const wanted = term.toLowerCase();
  const size = term === '' ? Math.min(limit, LARGEST_PAGE) : LARGEST_PAGE;
  let url: string | undefined =
    `${baseUrl}/v2/repositories/${ORGANISATION}/?page_size=${size}&ordering=pull_count`;
  for (let page = 0; url !== undefined && found.length < limit && page < MOST_PAGES; page++) {
    const { results = [], next } = (await fetchJson(url)) as Page;
    found.push(...results.filter((repository) => fits(repository, wanted)).map(describe));
    url = samePlace(next, baseUrl);
  }
  return found.slice(0, limit);
}

/** The next page, unless it is somewhere else. */
function samePlace(next: string | null | undefined, baseUrl: string): string | undefined {
  return next && URL.canParse(next) && new URL(next).origin === new URL(baseUrl).origin ? next : undefined;
}

function fits({ name, description, is_private: hidden }: Repository, wanted: string): boolean {
  if (hidden === true) return false;
  return name.toLowerCase().includes(wanted) || (description ?? '').toLowerCase().includes(wanted);
}

function describe(repository: Repository): FoundModel {
  const { name, namespace, description, star_count: stars = 0, pull_count: pulls = 0 } = repository;
  return {
    Name: `${namespace}/${name}`,
    Description: description ?? '',
    Downloads: pulls,
    Stars: stars,
    Source: 'Docker Hub',
    Official: namespace === ORGANISATION,
    UpdatedAt: repository.last_updated ?? '',
    Backend: /-(?:vllm|safetensors)$/.test(name) ? 'vllm' : 'unknown',
    Size: 0,
  };
}
