import { describeFailure } from '../../http/failure.js';

/** The last event of a stream that failed before anything of the response was told. */
export function encodeStreamFailure(error: unknown): string {
  const { code, message, field } = describeFailure(error);
  const event = { type: 'error', code: code ?? null, message, param: field ?? null, sequence_number: 0 };
  return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
}
