import type { OpenResponse } from '#testing';

/**
 * The very bytes of a stream's events: without comments, which tell those who wait that they do, and without times,
 * which are all that tells two streams of the synthetic engine with the same text apart.
 * @throws Error when the stream has two ids
 */
export function eventsOf(stream: Uint8Array): string {
  const text = Buffer.from(stream)
    .toString('utf8')
    .replaceAll(/^:.*\n\n/gm, '');
  const ids = new Set(text.match(/"id":"chatcmpl-[^"]*"/g));
  if (ids.size > 1) throw new Error(`The stream has ${[...ids].join(' and ')}.`);
  return text.replaceAll(/"created":\d+/g, '"created":0');
}

/** The longest time in which no event came, between the first bytes and the last; ms. */
export function longestSilence({ arrivals }: Pick<OpenResponse, 'arrivals'>): number {
  const times = arrivals.filter(({ bytes }) => eventsOf(bytes) !== '').map(({ at }) => at);
  return Math.max(0, ...times.slice(1).map((at, index) => at - (times[index] ?? at)));
}
