import type { RecordedRequest } from '#contracts';
import type { JsonObject } from '../decode-body.js';

/** The records of one model, in the words existing clients read. */
export interface ModelRecords {
  readonly count: number;
  readonly model: string;
  readonly config: JsonObject;
  readonly records: readonly JsonObject[];
}

/** @param config what was configured for the model */
export function encodeRecords(
  modelId: string,
  records: readonly RecordedRequest[],
  config: JsonObject,
): ModelRecords {
  return { count: records.length, model: modelId, config, records: records.map(encodeRecord) };
}

function encodeRecord(record: RecordedRequest): JsonObject {
  const { id, model, method, url, request, response, error, timestamp, status, userAgent, origin } = record;
  return {
    id,
    model,
    method,
    url,
    request,
    ...(response === undefined ? {} : { response }),
    ...(error === undefined ? {} : { error }),
    timestamp,
    status_code: status,
    user_agent: userAgent,
    ...(origin === undefined ? {} : { origin }),
  };
}
