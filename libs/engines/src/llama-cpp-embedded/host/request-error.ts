/** A request that cannot be answered, as its HTTP answer. The message is a sentence for the caller. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    readonly status: number,
    message: string,
    readonly type = 'invalid_request_error',
    /** More fields of the error object, such as token counts. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

export function badRequest(message: string): RequestError {
  return new RequestError(400, message);
}

/** The body of an error answer. Whatever is not a `RequestError` is a fault of this program. */
export function encodeError(error: unknown): { status: number; body: object } {
  const known =
    error instanceof RequestError
      ? error
      : new RequestError(500, error instanceof Error ? error.message : String(error), 'server_error');
  const { status, message, type, details } = known;
  return { status, body: { error: { code: status, message, type, ...details } } };
}
