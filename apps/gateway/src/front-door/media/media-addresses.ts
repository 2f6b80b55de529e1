import { LongshoreError } from '#contracts';
import type { MediaHosts } from './media-hosts.js';
import { MEDIA_NAMES, type MediaText, visitMedia } from './media-members.js';
import { type EmbeddedFile, PictureAllowance } from './pictures/picture-allowance.js';
import { REFUSED_NAMES, refuseForeignMembers } from './refuse-foreign-members.js';

/** Looked for as names, with their quotes. */
const SUSPICIOUS = new RegExp(`"(?:${[...MEDIA_NAMES, ...REFUSED_NAMES].join('|')})"\\s*:`);

/** A letter or an underscore that is written as an escape, which nobody does who has nothing to hide. */
const ESCAPED_NAME = /\\u00(?:5[fF]|6[1-9a-fA-F]|7[0-9aA])/;

/** The beginning of a data URI. */
const DATA_URI = /^data:[\w.+-]{1,64}\/[\w.+-]{1,64}[;,]/;
const BASE64 = /^(?:data:[\w.+-]{1,64}\/[\w.+-]{1,64};base64,)?[\w+/=\s-]*$/;

/** Data URIs of pictures in whatever member, and of films as a row of pictures. */
const PICTURES = /^data:(?:image\/|video\/jpeg)/i;

/** Characters that parsers of addresses disagree about. */
const AMBIGUOUS = /[\\@\s]|[^\x21-\x7e]/;

/**
 * Keeps requests from making an engine read a file, ask an address of its own network or take its memory for pictures.
 * An engine that is told where an image is fetches it from there, so a place may be a `data:` URI or on one of the hosts
 * that the operator names.
 */
export class MediaAddresses {
  /** @param maxPixels what the pictures of a request may have together */
  constructor(
    private readonly hosts: MediaHosts,
    private readonly maxPixels: number,
  ) {}

  /**
   * @param body a chat or other inference call, as it goes to the engine
   * @returns undefined when nothing is left to look at; else rejects as it throws, or with the reason of the signal
   * @throws LongshoreError that names the member
   */
  check(body: string, signal: AbortSignal): Promise<void> | undefined {
    if (!SUSPICIOUS.test(body) && !ESCAPED_NAME.test(body)) return undefined;
    const value = parse(body);
    if (!isObject(value)) return undefined;
    refuseForeignMembers(value);
    const pictures = new PictureAllowance(this.maxPixels);
    visitMedia(value, (media) => this.checkMedia(media, pictures));
    return pictures.unpack(signal);
  }

  private checkMedia(media: MediaText, pictures: PictureAllowance): void {
    const { name, text, as } = media;
    if (text === '') return;
    const isEmbedded = as === 'place' ? DATA_URI.test(text) : BASE64.test(text);
    if (isEmbedded) return pictures.take(fileOf(media));
    if (as === 'base64')
      throw new LongshoreError('invalid_request', `"${name}" must hold base64 as its "data".`, name);
    this.checkPlace(name, text);
  }

  private checkPlace(name: string, text: string): void {
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

/** Whether it says so or not, what stands behind the comma of a data URI is base64 to engines. */
function fileOf({ name, text, isPicture }: MediaText): EmbeddedFile {
  const base64 = text.startsWith('data:') ? text.slice(text.indexOf(',') + 1) : text;
  return { name, base64, isPicture: isPicture || PICTURES.test(text) };
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
