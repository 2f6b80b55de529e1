import { LongshoreError } from '#contracts';
import { IsBoolean, IsOptional, IsString, MaxLength, validateSync } from 'class-validator';
import { affinityKey } from '../../completions/affinity-key.js';
import { PRIORITIES } from '../../http/caller-wishes.js';
import { readJsonBody } from '../../http/json-body.js';
import { refuseFields, type RequestFields } from '../../http/request-field.js';
import { STOPS_AT_ONCE, stopsAtOnce } from '../../http/stop-texts.js';

const LONGEST_MODEL_NAME = 1_024;

/** What the gateway itself reads of an inference body. Everything else is the engine's to judge. */
class InferenceEnvelope {
  @MaxLength(LONGEST_MODEL_NAME, {
    message: `"model" must not be longer than ${LONGEST_MODEL_NAME} characters.`,
  })
  @IsString({ message: '"model" must be a string.' })
  readonly model: unknown;

  @IsOptional()
  @IsBoolean({ message: '"stream" must be true or false.' })
  readonly stream: unknown;

  constructor(body: Readonly<Record<string, unknown>>) {
    this.model = body['model'];
    this.stream = body['stream'];
  }
}

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
  const envelope = new InferenceEnvelope(object);
  if (envelope.model === undefined || envelope.model === null || envelope.model === '') {
    throw new LongshoreError('model_required', 'model is required', 'model');
  }
  const [error] = validateSync(envelope, { stopAtFirstError: true });
  if (error) {
    const [message] = Object.values(error.constraints ?? {});
    throw new LongshoreError('invalid_request', message, error.property);
  }
  refuseFields(object, fields);
  if (Object.hasOwn(fields, 'stop') && stopsAtOnce(object['stop']))
    throw new LongshoreError('invalid_request', `"stop" ${STOPS_AT_ONCE}`, 'stop');
  const priority = TIER_PRIORITIES.get(object['service_tier']);
  const affinity = affinityKey(object);
  return {
    model: envelope.model as string,
    streaming: envelope.stream === true,
    ...(priority !== undefined && { priority }),
    ...(affinity !== undefined && { affinity }),
  };
}
