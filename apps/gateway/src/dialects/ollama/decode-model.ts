import { decodeMessages } from './decode-messages.js';
import { decodeOptions } from './decode-options.js';
import {
  isObject,
  type JsonObject,
  readFlag,
  readList,
  readModel,
  readObject,
  readObjects,
  readText,
  refuse,
} from './fields.js';

/** A pull or a push. */
export interface Transfer {
  /** As the caller wrote it. */
  readonly model: string;
  readonly streaming: boolean;
}

/** @throws LongshoreError that names the field at fault */
export function decodeTransfer(body: JsonObject): Transfer {
  readFlag(body, 'insecure');
  for (const name of ['username', 'password'])
    if (readText(body, name))
      throw refuse(
        name,
        'is not taken: what registries ask for is told to the workers, by their Docker configuration.',
      );
  return { model: readModel(body), streaming: readFlag(body, 'stream') ?? true };
}

/** Names as the caller wrote them. @throws LongshoreError that names the field at fault */
export function decodeCopy(body: JsonObject): { readonly source: string; readonly destination: string } {
  return { source: required(body, 'source'), destination: required(body, 'destination') };
}

/** A name that is to mean a model, with more. */
export interface Creation {
  /** As the caller wrote it. */
  readonly model: string;
  /** As the caller wrote it. */
  readonly from: string;
  readonly streaming: boolean;
  readonly parameters?: JsonObject;
  readonly system?: string;
  readonly messages?: readonly JsonObject[];
  readonly license?: readonly string[];
  /** The one the caller believes the model has. */
  readonly template?: string;
}

/** What creating a model cannot do here, and what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  quantize: 'is not done here: pull or package a model that is quantized.',
  quantization: 'is not done here: pull or package a model that is quantized.',
  files: 'are not taken here: send the file of a model to POST /models/package.',
  adapters: 'are not taken here: package them with the model.',
  modelfile: 'is not read: send "from", "system", "parameters" and "messages".',
  path: 'is not read: send "from", "system", "parameters" and "messages".',
  renderer: 'cannot be had: engines use the template of the model.',
  parser: 'cannot be had: engines read what the model says.',
  remote_host: 'cannot be had: models run in this cluster.',
};

/** Body of `POST /api/create`. @throws LongshoreError that names the field at fault */
export function decodeCreate(body: JsonObject): Creation {
  for (const [name, problem] of Object.entries(REFUSED))
    if (!isEmpty(body[name])) throw refuse(name, problem);
  const parameters = readObject(body, 'parameters');
  if (parameters !== undefined) decodeOptions(parameters, 'parameters');
  decodeMessages(body);
  const messages = readObjects(body, 'messages');
  const [system, template, license] = [readText(body, 'system'), readText(body, 'template'), licenses(body)];
  return {
    model: readModel(body),
    from: required(body, 'from'),
    streaming: readFlag(body, 'stream') ?? true,
    ...(parameters && Object.keys(parameters).length > 0 && { parameters }),
    ...(system && { system }),
    ...(template && { template }),
    ...(messages && messages.length > 0 && { messages }),
    ...(license.length > 0 && { license }),
  };
}

function licenses(body: JsonObject): readonly string[] {
  const { license } = body;
  if (typeof license === 'string') return license === '' ? [] : [license];
  const texts = readList(body, 'license') ?? [];
  if (texts.some((text) => typeof text !== 'string'))
    throw refuse('license', 'must be a string or a list of them.');
  return texts as readonly string[];
}

function required(body: JsonObject, name: string): string {
  const text = readText(body, name);
  if (!text) throw refuse(name, 'is needed: the name of a model.');
  return text;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return isObject(value) && Object.keys(value).length === 0;
}
