import { LongshoreError } from '#contracts';

/** Members that hold pictures, or say where they are; as a text or as an object with `url` or `data`. */
const PICTURES: ReadonlySet<string> = new Set(['image_url', 'input_image', 'image', 'image_data']);

/** The same of what can be a film, a sound or something else as well. */
const FILES: ReadonlySet<string> = new Set([
  'video_url',
  'input_video',
  'audio_url',
  'file_url',
  'video',
  'audio',
  'video_data',
  'audio_data',
]);

/** Members that hold a sound itself, as base64. */
const SOUNDS: ReadonlySet<string> = new Set(['input_audio']);

/** Members that hold base64 and nothing else. */
const ENCODED: ReadonlySet<string> = new Set(['multimodal_data']);

/** Members that engines unpack as they are. */
const UNPACKED: ReadonlySet<string> = new Set(['image_embeds', 'audio_embeds', 'video_embeds']);

/** What is in there describes things and is none: names of members are the caller's own. */
const DESCRIPTIONS: ReadonlySet<string> = new Set([
  'tools',
  'functions',
  'tool_calls',
  'function_call',
  'response_format',
  'json_schema',
  'structured_outputs',
  'guided_json',
  'metadata',
]);

const HOLDERS: ReadonlySet<string> = new Set([...PICTURES, ...FILES, ...SOUNDS, ...ENCODED]);

/** A body without any of these names holds no media. */
export const MEDIA_NAMES: readonly string[] = [...HOLDERS, ...UNPACKED];

/** A text by which a request brings media along. */
export interface MediaText {
  /** Of the member it stands in. */
  readonly name: string;
  readonly text: string;
  /** A place, which may be a `data:` URI; bytes, in whose place engines follow an address too; or base64 only. */
  readonly as: 'place' | 'bytes' | 'base64';
  /** False for what may be a sound or a film as well. */
  readonly isPicture: boolean;
}

/**
 * Shows a visitor all media of a body. Depth is bounded because bodies are.
 * @throws LongshoreError that names a member which is not taken at all
 */
export function visitMedia(value: unknown, visit: (media: MediaText) => void): void {
  if (Array.isArray(value)) {
    for (const entry of value) visitMedia(entry, visit);
    return;
  }
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (DESCRIPTIONS.has(name)) continue;
    if (UNPACKED.has(name) && member !== null)
      throw new LongshoreError('invalid_request', `"${name}" is not taken; send "image_url".`, name);
    if (HOLDERS.has(name)) visitMember(name, member, visit);
    visitMedia(member, visit);
  }
}

function visitMember(name: string, member: unknown, visit: (media: MediaText) => void): void {
  const isPicture = PICTURES.has(name);
  const show = (text: unknown, as: MediaText['as']): void => {
    if (typeof text === 'string') visit({ name, text, as, isPicture });
  };
  const entries: readonly unknown[] = Array.isArray(member) ? member : [member];
  for (const entry of entries) {
    if (!isObject(entry)) show(entry, ENCODED.has(name) ? 'base64' : 'place');
    else {
      show(entry['url'], 'place');
      show(entry['data'], SOUNDS.has(name) ? 'base64' : 'bytes');
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
