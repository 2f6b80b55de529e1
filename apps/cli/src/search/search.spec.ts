import { describe, expect, it } from 'vitest';
import { searchDockerHub } from './docker-hub.js';
import { hubFailure } from './hub-failure.js';
import { searchHuggingFace } from './hugging-face.js';

/** Answers of a hub by address, and which were asked for. */
function hub(pages: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const fetchJson = (url: string): Promise<unknown> => {
    asked.push(url);
    return url in pages ? Promise.resolve(pages[url]) : Promise.reject(new Error(`unexpected ${url}`));
  };
  return { asked, fetchJson };
}

const BASE = 'https://hub.example';
const first = `${BASE}/v2/repositories/ai/?page_size=100&ordering=pull_count`;
const repository = (name: string, more: object = {}) => ({ name, namespace: 'ai', description: '', ...more });

describe('hubFailure', () => {
  it('says in words that the name of a hub leads nowhere', () => {
    const error = new Error('getaddrinfo ENOTFOUND hub.example');
    expect(hubFailure('The hub', error).message).toBe(
      'The hub could not be searched: the name hub.example could not be looked up',
    );
    expect(hubFailure('The hub', new Error('why')).message).toBe('The hub could not be searched: why');
  });
});

describe('searchDockerHub', () => {
  it('looks for the term in names and descriptions over all pages', async () => {
    const { fetchJson, asked } = hub({
      [first]: {
        next: `${BASE}/second`,
        results: [
          repository('llama3', { pull_count: 5, star_count: 2 }),
          repository('phi', { is_private: true }),
        ],
      },
      [`${BASE}/second`]: {
        next: null,
        results: [repository('x', { description: 'A LLAMA' }), repository('y')],
      },
    });
    const found = await searchDockerHub({ term: 'llama', limit: 10, fetchJson, baseUrl: BASE });
    expect(found.map(({ Name }) => Name)).toEqual(['ai/llama3', 'ai/x']);
    expect(found[0]).toMatchObject({ Downloads: 5, Stars: 2, Source: 'Docker Hub', Official: true });
    expect(asked).toHaveLength(2);
  });

  it('does not follow a page to another server', async () => {
    const page = { next: 'http://169.254.169.254/latest', results: [repository('a')] };
    const { fetchJson, asked } = hub({ [first]: page });
    await searchDockerHub({ term: 'a', limit: 10, fetchJson, baseUrl: BASE });
    expect(asked).toEqual([first]);
  });

  it('does not follow pages for ever', async () => {
    const { fetchJson, asked } = hub({ [first]: { next: first, results: [] } });
    expect(await searchDockerHub({ term: 'a', limit: 10, fetchJson, baseUrl: BASE })).toEqual([]);
    expect(asked.length).toBeLessThan(50);
  });
});

describe('searchHuggingFace', () => {
  it('asks for models our engines run and says which would', async () => {
    const url = `${BASE}/api/models?apps=vllm%2Cllama.cpp&sort=downloads&direction=-1&limit=2&search=qwen+3`;
    const { fetchJson } = hub({
      [url]: [
        { id: 'Q/a-GGUF', downloads: 9, likes: 1, tags: ['gguf', 'qwen3'], pipeline_tag: 'text-generation' },
        { id: 'Q/b', tags: ['safetensors'], private: true },
        { id: 'Q/c', tags: ['safetensors'] },
      ],
    });
    const found = await searchHuggingFace({ term: 'qwen 3', limit: 2, fetchJson, baseUrl: BASE });
    expect(found.map(({ Name, Backend }) => [Name, Backend])).toEqual([
      ['Q/a-GGUF', 'llama.cpp'],
      ['Q/c', 'vllm'],
    ]);
    expect(found[0]).toMatchObject({ Description: 'text-generation, qwen3', Downloads: 9, Stars: 1 });
  });
});
