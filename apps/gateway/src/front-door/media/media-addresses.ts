import { LongshoreError } from '#contracts';
import type { MediaHosts } from './media-hosts.js';
import { REFUSED_NAMES, refuseForeignMembers } from './refuse-foreign-members.js';

/** Members that say where an image, sound or film is; as a text or as an object with `url` or `data`. */
const ADDRESSES: ReadonlySet<string> = new Set([
  'image_url',
  'input_image',
  'video_url',
  'input_video',
  'audio_url',
  'file_url',
  'image',
  'video',
  'audio',
  'image_data',
  'video_data',
  'audio_data',
]);

/** Members that hold a sound itself, as base64. */
const SOUNDS: ReadonlySet<string> = new Set(['input_audio']);

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

const WORDS = [...ADDRESSES, ...SOUNDS, ...UNPACKED, ...REFUSED_NAMES];

/** A body without any of these has none of the members above: they are looked for as names, with their quotes. */
const SUSPICIOUS = new RegExp(`"(?:${WORDS.join('|')})"\\s*:`);

/** A letter or an underscore that is written as an escape, which nobody does who has nothing to hide. */
const ESCAPED_NAME = /\\u00(?:5[fF]|6[1-9a-fA-F]|7[0-9aA])/;

/** The beginning of a data URI; of its bytes the engine is the judge. */
const DATA_URI = /^data:[\w.+-]{1,64}\/[\w.+-]{1,64}[;,]/;
const BASE64 = /^(?:data:[\w.+-]{1,64}\/[\w.+-]{1,64};base64,)?[\w+/=\s-]*$/;

/** Characters that parsers of addresses disagree about. */
const AMBIGUOUS = /[\\@\s]|[^\x21-\x7e]/;

/**
 * Keeps requests from making an engine read a file or ask an address of its own network. An engine that is told where an
 * image is fetches it from there, so a place may be a `data:` URI or on one of the hosts that the operator names.
 */
export class MediaAddresses {
  constructor(private readonly hosts: MediaHosts) {}

  /** @param body a chat or other inference call, as it goes to the engine. @throws LongshoreError that names the member */
  check(body: string): void {
    if (!SUSPICIOUS.test(body) && !ESCAPED_NAME.test(body)) return;
    const value = parse(body);
    if (!isObject(value)) return;
    refuseForeignMembers(value);
    this.walk(value);
  }

  /** Depth is bounded because bodies are. */
  private walk(value: unknown): void {
    if (Array.isArray(value)) {
      for (const entry of value) this.walk(entry);
      return;
    }
    if (!isObject(value)) return;
    for (const [name, member] of Object.entries(value)) {
      if (DESCRIPTIONS.has(name)) continue;
      if (UNPACKED.has(name) && member !== null)
        throw new LongshoreError('invalid_request', `"${name}" is not taken; send "image_url".`, name);
      if (SOUNDS.has(name)) this.checkSound(name, member);
      if (ADDRESSES.has(name)) this.checkPlaces(name, member);
      this.walk(member);
    }
  }

  private checkPlaces(name: string, member: unknown): void {
    const places: readonly unknown[] = Array.isArray(member) ? member : [member];
    for (const place of places) {
      const texts = isObject(place) ? [place['url'], addressIn(place['data'])] : [place];
      for (const text of texts) if (typeof text === 'string') this.checkPlace(name, text);
    }
  }

  private checkSound(name: string, member: unknown): void {
    if (typeof member === 'string') return this.checkPlace(name, member);
    if (!isObject(member)) return;
    const { data, url } = member;
    if (typeof url === 'string') this.checkPlace(name, url);
    if (typeof data === 'string' && !BASE64.test(data))
      throw new LongshoreError('invalid_request', `"${name}" must hold base64 as its "data".`, name);
  }

  private checkPlace(name: string, text: string): void {
    if (text === '' || DATA_URI.test(text)) return;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
      throw new LongshoreError(
        'invalid_request',
        `"${name}" must be a data: URI with the bytes themselves.`,
        name,
      );
    if (!AMBIGUOUS.test(text) && this.hosts.allows(url.hostname)) return;
    const host = JSON.stringify(url.host.slice(0, 200));
    const advice = 'send a data: URI, or have the host named in LONGSHORE_MEDIA_HOSTS';
    throw new LongshoreError(
      'invalid_request',
      `"${name}" may not be fetched from ${host}: ${advice}.`,
      name,
    );
  }
}

/** What stands in place of bytes; llama.cpp follows an address there as well. */
function addressIn(data: unknown): string | undefined {
  return typeof data === 'string' && !BASE64.test(data) ? data : undefined;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
