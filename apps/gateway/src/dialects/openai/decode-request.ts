import { LongshoreError } from '#contracts';
import { affinityKey } from '../../completions/affinity-key.js';
import { PRIORITIES } from '../../http/caller-wishes.js';
import { readJsonBody } from '../../http/json-body.js';
import { refuseFields, type RequestFields } from '../../http/request-field.js';
import { STOPS_AT_ONCE, stopsAtOnce } from '../../http/stop-texts.js';

const LONGEST_MODEL_NAME = 1_024;

export interface DecodedRequest {
  /** As the caller wrote it. */
  readonly model: string;
  readonly streaming: boolean;
  /** What `service_tier` asks for, where that is not the usual. */
  readonly priority?: number;
  /** The same for requests that begin alike. */
  readonly affinity?: string;
}

/** Tiers of the OpenAI API that come before or after all others. */
const TIER_PRIORITIES: ReadonlyMap<unknown, number> = new Map([
  ['priority', PRIORITIES.high],
  ['flex', PRIORITIES.low],
]);

/**
 * @param fields what becomes of the members of a body; those that are refused are looked for
 * @throws LongshoreError that names what is wrong with the body.
 */
export function decodeRequest(body: unknown, fields: RequestFields = {}): DecodedRequest {
  const object = readJsonBody(body);
  const model = readModel(object['model']);
  const { stream = null } = object;
  if (stream !== null && typeof stream !== 'boolean')
    throw new LongshoreError('invalid_request', '"stream" must be true or false.', 'stream');
  refuseFields(object, fields);
  if (Object.hasOwn(fields, 'stop') && stopsAtOnce(object['stop']))
    throw new LongshoreError('invalid_request', `"stop" ${STOPS_AT_ONCE}`, 'stop');
  const priority = TIER_PRIORITIES.get(object['service_tier']);
  const affinity = affinityKey(object);
  return {
    model,
    streaming: stream === true,
    ...(priority !== undefined && { priority }),
    ...(affinity !== undefined && { affinity }),
  };
}

function readModel(model: unknown): string {
  if (model === undefined || model === null || model === '')
    throw new LongshoreError('model_required', 'model is required', 'model');
  if (typeof model !== 'string')
    throw new LongshoreError('invalid_request', '"model" must be a string.', 'model');
  if (model.length <= LONGEST_MODEL_NAME) return model;
  const message = `"model" must not be longer than ${LONGEST_MODEL_NAME} characters.`;
  throw new LongshoreError('invalid_request', message, 'model');
}
