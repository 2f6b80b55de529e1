import { openRequest } from '#testing';

/** An answer that was streamed, and when it came. */
export interface TimedChat {
  readonly text: string;
  /** From the request to the first event with something in it; ms. */
  readonly firstTokenMs: number;
}

/** Streams one chat and times it. @throws Error when the answer is no whole stream */
export async function timedChat(url: string, body: Readonly<Record<string, unknown>>): Promise<TimedChat> {
  const begin = performance.now();
  const response = await openRequest({
    url: `${url}/v1/chat/completions`,
    headers: { 'x-queue-notices': 'off' },
    body: { ...body, stream: true },
  });
  const bytes = await response.whole();
  const answer = bytes.toString('utf8');
  if (response.status !== 200 || !answer.includes('[DONE]'))
    throw new Error(`A chat ended with status ${response.status}: ${answer.slice(0, 200)}`);
  const first = response.arrivals.find((arrival) => arrival.bytes.includes('data: '));
  return { text: textOf(answer), firstTokenMs: (first?.at ?? Number.NaN) - begin };
}

function textOf(stream: string): string {
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as Chunk)
    .map(({ choices }) => choices?.[0]?.delta?.content ?? '')
    .join('');
}

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
}
