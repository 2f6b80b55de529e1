/** A response as it comes from somewhere else: a head, and a body that may fail half-way. */
export interface StreamedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
}

export function isEventStream({ headers }: Pick<StreamedResponse, 'headers'>): boolean {
  const type = headers['content-type'] ?? headers['Content-Type'] ?? '';
  return type.startsWith('text/event-stream');
}
