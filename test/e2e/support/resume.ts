import { openRequest, type OpenResponse } from '#testing';

export interface ResumeOptions {
  /** Events that were received. */
  readonly after?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reads an answer again, or the rest of it, from any gateway. */
export function resume(url: string, id: string, options: ResumeOptions = {}): Promise<OpenResponse> {
  const { after, headers } = options;
  return openRequest({
    url: `${url}/v1/streams/${encodeURIComponent(id)}`,
    headers: { ...(after === undefined ? {} : { 'last-event-id': String(after) }), ...headers },
  });
}

/** Cancels a request through any gateway. @returns the status */
export async function cancel(url: string, id: string): Promise<number> {
  const response = await openRequest({
    url: `${url}/v1/streams/${encodeURIComponent(id)}`,
    method: 'DELETE',
  });
  await response.whole();
  return response.status;
}

export function requestIdOf(response: OpenResponse): string {
  return String(response.headers['x-longshore-request'] ?? '');
}

/** The whole events of a part of a stream, without their numbers and without comments. */
export function wholeEvents(received: Buffer): string[] {
  const text = received.toString('utf8');
  const end = text.lastIndexOf('\n\n');
  if (end < 0) return [];
  return text
    .slice(0, end)
    .split('\n\n')
    .filter((event) => !event.startsWith(':'))
    .map((event) => event.replace(/^id: \d+\n/, ''));
}

/** The numbers of the events of a stream. */
export function eventIds(received: Buffer): number[] {
  return [...received.toString('utf8').matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
}
