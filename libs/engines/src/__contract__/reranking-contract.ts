import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, EngineSession, EngineSettings, ModelFiles } from '../engine.js';

const NEVER = new AbortController().signal;
const QUERY = 'where is the harbour';
const TEXTS = ['paris', 'the harbour', 'dog and cat', 'paris', 'weather in rome', 'hello world'];

interface Ranked {
  readonly model: string;
  readonly results: readonly { readonly index: number; readonly relevance_score: number }[];
  readonly usage: { readonly prompt_tokens?: number; readonly total_tokens: number };
}

interface Scored {
  readonly object: string;
  readonly data: readonly { readonly index: number; readonly object: string; readonly score: number }[];
  readonly usage: { readonly total_tokens: number };
}

export interface RerankingWorld {
  readonly createEngine: () => Engine;
  readonly files: () => Promise<ModelFiles>;
  /** Tokens of a slot. */
  readonly contextSize: number;
  readonly settings?: EngineSettings;
}

/** What every engine that ranks promises, shown with a real engine and a model whose scores mean nothing. */
export function describeReranking(name: string, world: RerankingWorld): void {
  const { createEngine, files, contextSize, settings } = world;
  describe(`${name} ranks texts`, () => {
    let folder: TemporaryFolder;
    let session: EngineSession;
    let stop = async (): Promise<void> => undefined;

    beforeAll(async () => {
      folder = await makeTemporaryFolder('rank');
      session = await createEngine().start(
        {
          servedName: 'ai/ranker',
          mode: 'reranking',
          files: await files(),
          contextSize,
          ...(settings && { settings }),
          slots: 1,
          threads: 1,
          runDirectory: folder.path,
          log: () => undefined,
        },
        NEVER,
      );
      stop = () => session.stop(1_000);
    });
    afterAll(async () => {
      await stop();
      await folder?.remove();
    });

    describeRanking(() => session);
    describeScores(() => session);
    describeTooLong(() => session, contextSize);
    describeHangUp(() => session, contextSize);
  });
}

function describeRanking(session: () => EngineSession): void {
  it('gives each text its score, the best first, and counts the tokens', async () => {
    const { results, usage } = await rank(session());
    expect(results.map(({ index }) => index).toSorted((one, other) => one - other)).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
    const scores = results.map(({ relevance_score: score }) => score);
    expect(scores).toEqual(scores.toSorted((one, other) => other - one));
    expect(new Set(scores).size).toBeGreaterThan(1);
    expect(usage.total_tokens).toBeGreaterThan(TEXTS.length);
  });

  it('gives equal texts equal scores, however many stand beside them', async () => {
    const { results } = await rank(session());
    const scoreOf = (place: number) => results.find(({ index }) => index === place)?.relevance_score ?? NaN;
    expect(scoreOf(0)).toBeCloseTo(scoreOf(3), 4);
    const alone = await rank(session(), { documents: [TEXTS[1]] });
    expect(alone.results[0]?.relevance_score).toBeCloseTo(scoreOf(1), 3);
  });

  it('gives only as many as are wanted', async () => {
    const whole = await rank(session());
    const { results } = await rank(session(), { top_n: 2 }, '/rerank');
    expect(results.map(({ index }) => index)).toEqual(whole.results.slice(0, 2).map(({ index }) => index));
  });
}

function describeScores(session: () => EngineSession): void {
  it.each(['/score', '/v1/score'])('scores one text against many on %s, in their order', async (route) => {
    const request = { model: 'any/spelling', text_1: QUERY, text_2: TEXTS };
    const { object, data, usage } = await post<Scored>(session(), route, request);
    expect(object).toBe('list');
    expect(data.map((entry) => [entry.index, entry.object])).toEqual(
      TEXTS.map((_, index) => [index, 'score']),
    );
    const best = (await rank(session())).results[0]?.index;
    const highest = Math.max(...data.map(({ score }) => score));
    expect(data.find(({ score }) => score === highest)?.index).toBe(best);
    expect(usage.total_tokens).toBeGreaterThan(TEXTS.length);
  });

  it('scores one text against one', async () => {
    const { data } = await post<Scored>(session(), '/v1/score', { text_1: QUERY, text_2: TEXTS[0] });
    expect(data).toHaveLength(1);
    expect(data[0]?.score).toEqual(expect.any(Number));
  });
}

function describeTooLong(session: () => EngineSession, contextSize: number): void {
  it('refuses a text that is longer than the model reads, as a fault of the caller', async () => {
    const documents = [TEXTS[0], Array.from({ length: contextSize * 2 }, () => 'harbour').join(' ')];
    const body = JSON.stringify({ query: QUERY, documents });
    const { status } = await session().call({ route: '/v1/rerank', body, signal: NEVER });
    expect(status).toBe(400);
  });
}

function describeHangUp(session: () => EngineSession, contextSize: number): void {
  it('goes on with others at once when a caller with many texts hangs up', async () => {
    const long = Array.from({ length: contextSize / 8 }, () => 'harbour').join(' ');
    const documents = Array.from({ length: 3_000 }, () => long);
    for (const waitMs of [60, 350, 700]) {
      const client = new AbortController();
      const body = JSON.stringify({ query: QUERY, documents });
      const answer = session().call({ route: '/v1/rerank', body, signal: client.signal });
      setTimeout(() => client.abort(new Error('hung up')), waitMs);
      await expect(answer).rejects.toThrow('hung up');
      const hungUp = performance.now();
      await rank(session(), { documents: [TEXTS[1]] });
      // All of the texts would take many seconds more.
      expect(performance.now() - hungUp).toBeLessThan(2_500);
    }
  });
}

async function post<Answer>(session: EngineSession, route: string, body: object): Promise<Answer> {
  const response = await session.call({ route, body: JSON.stringify(body), signal: NEVER });
  const text = (await response.body.setEncoding('utf8').toArray()).join('');
  if (response.status !== 200) throw new Error(`The engine answered ${response.status}: ${text}`);
  return JSON.parse(text) as Answer;
}

function rank(session: EngineSession, more: object = {}, route = '/v1/rerank'): Promise<Ranked> {
  return post<Ranked>(session, route, { model: 'any/spelling', query: QUERY, documents: TEXTS, ...more });
}
