/** A response as it comes from somewhere else: a head, and a body that may fail half-way. */
export interface StreamedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
  /**
   * What the answer failed with although its body ends in order, because the body itself tells of it; undefined when it did
   * not fail. Asked when the body has ended.
   */
  readonly failure?: () => unknown;
}

export function isEventStream({ headers }: Pick<StreamedResponse, 'headers'>): boolean {
  const type = headers['content-type'] ?? headers['Content-Type'] ?? '';
  return type.startsWith('text/event-stream');
}

/** Headers of the cluster, for an answer that is made of another: those of its own do not fit the new one. */
export function clusterHeaders({ headers }: Pick<StreamedResponse, 'headers'>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-longshore-')));
}

/** An object as the whole of an answer. @param from the answer it was made of */
export function jsonResponse(
  data: object,
  from: Pick<StreamedResponse, 'headers'> = { headers: {} },
): StreamedResponse {
  const headers = { ...clusterHeaders(from), 'content-type': 'application/json; charset=utf-8' };
  return { status: 200, headers, body: once(Buffer.from(JSON.stringify(data))) };
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes;
}
