import { createHash } from 'node:crypto';
import { checkFilePath } from '../../formats/file-path.js';
import { isRecord } from '../../formats/json.js';
import type { BlobStream, ByteRange, SourceAccess } from '../model-source.js';
import { networkFailure } from '../registry-failure.js';
import { TransientFailure } from '../retry.js';
import { SourceError } from '../source-error.js';
import { readHubFile, type HubFile } from './hub-file.js';
import type { HubHttp, HubResponse } from './hub-http.js';

/** Bytes of one page of a listing, and how many files of one repository are looked at. */
const PAGE_LIMIT = 32 * 1024 * 1024;
const FILES_LIMIT = 100_000;

const COMMIT = /^[0-9a-f]{40}$/;
const NAME = /^[\w.-]+\/[\w.-]+$/;

interface RepositoryFacts {
  readonly name: string;
  readonly commit: string;
  readonly lastModified: Date;
  readonly gated: boolean;
}

/** One repository of the Hub at one commit, as one caller may see it. */
export class HubRepository {
  /** Where the bytes of large files lie, by path; such links are signed and expire. */
  private readonly links = new Map<string, URL>();

  private constructor(
    private readonly http: HubHttp,
    private readonly access: SourceAccess,
    private readonly facts: RepositoryFacts,
  ) {}

  /** `Org/Repo` as the Hub spells it. */
  get name(): string {
    return this.facts.name;
  }

  /** 40 hex. */
  get commit(): string {
    return this.facts.commit;
  }

  get lastModified(): Date {
    return this.facts.lastModified;
  }

  /** True when its files, though not the list of them, are for those who were granted access. */
  get gated(): boolean {
    return this.facts.gated;
  }

  /**
   * Finds the commit a revision stands for. Everything else is asked of that commit, so that a push in between cannot
   * mix two versions.
   * @param access is used for all that is read from the repository.
   * @throws SourceError; the signal's reason.
   */
  static async open(
    http: HubHttp,
    name: string,
    revision: string,
    access: SourceAccess,
  ): Promise<HubRepository> {
    const target = `api/models/${name}/revision/${encodeURIComponent(revision)}`;
    const { document } = await readJson(http, { target, repository: name, access });
    const { id, sha, lastModified, gated = false } = isRecord(document) ? document : {};
    const modified = typeof lastModified === 'string' ? new Date(lastModified) : new Date(Number.NaN);
    if (typeof sha !== 'string' || !COMMIT.test(sha) || Number.isNaN(modified.getTime())) {
      throw new SourceError('failed', `Hugging Face does not say which commit of ${name} is current.`);
    }
    const spelled = typeof id === 'string' && NAME.test(id) ? id : name;
    const facts = { name: spelled, commit: sha, lastModified: modified, gated: gated !== false };
    return new HubRepository(http, access, facts);
  }

  /** All files. @throws SourceError; the signal's reason. */
  async list(): Promise<HubFile[]> {
    const files: HubFile[] = [];
    let target: string | URL | undefined = `api/models/${this.name}/tree/${this.commit}?recursive=true`;
    while (target !== undefined) {
      const page: JsonPage = await readJson(this.http, {
        target,
        repository: this.name,
        access: this.access,
      });
      if (!Array.isArray(page.document)) throw this.unusable('its list of files cannot be read');
      for (const entry of page.document) {
        const file = readHubFile(entry);
        if (file) files.push(file);
      }
      if (files.length > FILES_LIMIT) throw this.unusable(`it has more than ${FILES_LIMIT} files`);
      target = page.next;
      if (page.document.length === 0) break;
    }
    return files;
  }

  /** All bytes of a small file, checked. @throws SourceError; the signal's reason. */
  async read(file: HubFile): Promise<Buffer> {
    return this.http.retrying(this.access, async () => {
      const bytes = await this.take(file, { start: 0, end: file.size });
      if (matches(bytes, file)) return bytes;
      throw new TransientFailure(`${file.path} of ${this.name} arrived damaged`);
    });
  }

  /** Bytes of a file; nobody has checked them. @throws SourceError; the signal's reason. */
  async readRange(file: HubFile, range: ByteRange): Promise<Buffer> {
    return this.http.retrying(this.access, () => this.take(file, range));
  }

  /**
   * Opens a range of a file; see `ModelSource.openBlob`.
   * @param access of whoever reads, in place of that of the repository.
   */
  async open(file: HubFile, range: ByteRange, access = this.access): Promise<BlobStream> {
    const response = await this.send(checkFilePath(file.path), range, access);
    const sent = sentRange(response, file.size);
    if (sent === undefined || sent.total !== file.size) {
      response.body.destroy();
      const size = sent === undefined ? 'another range than asked for' : `${sent.total} bytes`;
      throw new SourceError(
        'failed',
        `${response.url.host} has ${size} of ${file.path}, which has ${file.size} bytes by the list of ${this.name}.`,
      );
    }
    return { start: sent.start, end: sent.end, bytes: bodyOf(response, access), exclusive: true };
  }

  /** Asks for a byte of a file, to see whether it may be had. @throws SourceError; the signal's reason. */
  async checkAccess(file: HubFile): Promise<void> {
    await this.readRange(file, { start: 0, end: Math.min(1, file.size) });
  }

  /** For a repository that is not what it should be. */
  unusable(reason: string): SourceError {
    return new SourceError('unsupported', `${this.name} cannot be used: ${reason}.`);
  }

  /** The Hub is asked where a large file lies once, not for every range: it counts such requests. */
  private async send(path: string, { start, end }: ByteRange, access: SourceAccess): Promise<HubResponse> {
    const common = { repository: this.name, access, headers: { range: `bytes=${start}-${end - 1}` } };
    const link = this.links.get(path);
    try {
      if (link) return await this.http.get({ ...common, target: link });
    } catch (error) {
      if (!(error instanceof TransientFailure) || error.retryAfter !== undefined) throw error;
      this.links.delete(path);
    }
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    const target = `${this.name}/resolve/${this.commit}/${encoded}`;
    const response = await this.http.get({ ...common, target });
    if (response.url.origin !== this.http.endpoint.origin) this.links.set(path, response.url);
    return response;
  }

  private async take(file: HubFile, range: ByteRange): Promise<Buffer> {
    if (range.end <= range.start) return Buffer.alloc(0);
    const stream = await this.open(file, range);
    const chunks: Buffer[] = [];
    let position = stream.start;
    for await (const chunk of stream.bytes) {
      const from = Math.max(0, range.start - position);
      if (from < chunk.length) chunks.push(chunk.subarray(from, Math.max(from, range.end - position)));
      position += chunk.length;
      if (position >= range.end) break;
    }
    const bytes = Buffer.concat(chunks);
    if (bytes.length === range.end - range.start) return bytes;
    throw new TransientFailure(`${file.path} of ${this.name} ended too early`);
  }
}

/** Git names a small file by the SHA-1 of a short head and the bytes. */
function matches(bytes: Buffer, { gitObject, digest }: HubFile): boolean {
  if (digest !== undefined) return digest === `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex') === gitObject;
}

interface JsonPage {
  readonly document: unknown;
  /** Where the listing goes on. */
  readonly next?: URL;
}

async function readJson(http: HubHttp, hubRequest: Parameters<HubHttp['get']>[0]): Promise<JsonPage> {
  return http.retrying(hubRequest.access, async () => {
    const response = await http.get(hubRequest);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of bodyOf(response, hubRequest.access)) {
      length += chunk.length;
      if (length > PAGE_LIMIT)
        throw new SourceError('failed', `${response.url.host} sends an answer that is too long.`);
      chunks.push(chunk);
    }
    const next = nextPage(response);
    try {
      const document: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      return { document, ...(next && { next }) };
    } catch (error) {
      throw new SourceError('failed', `${response.url.host} answers with something that is not JSON.`, {
        cause: error,
      });
    }
  });
}

/** `Link: <…>; rel="next"`, on the same server only: the token travels along. */
function nextPage({ headers, url }: HubResponse): URL | undefined {
  const link = /<([^<>]*)>\s*;\s*rel="?next"?/.exec(headers['link'] ?? '')?.[1];
  if (link === undefined || !URL.canParse(link, url.href)) return undefined;
  const next = new URL(link, url);
  return next.origin === url.origin ? next : undefined;
}

function sentRange(
  { status, headers }: HubResponse,
  size: number,
): { readonly start: number; readonly end: number; readonly total: number } | undefined {
  if (status === 200) {
    const total = Number(headers['content-length'] ?? size);
    return { start: 0, end: total, total };
  }
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
  if (first === undefined || last === undefined) return undefined;
  return { start: Number(first), end: Number(last) + 1, total: total === '*' ? size : Number(total) };
}

async function* bodyOf({ body, url }: HubResponse, access: SourceAccess): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    access.signal?.throwIfAborted();
    throw networkFailure(error, url.host);
  } finally {
    body.destroy();
  }
}
