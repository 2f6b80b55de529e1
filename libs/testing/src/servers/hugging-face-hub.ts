import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubFixtureRepository {
  /** `Org/Repo`, as the Hub spells it. */
  readonly name: string;
  /** Content by path. GGUF and safetensors files go to large-file storage. */
  readonly files: Readonly<Record<string, Buffer | string>>;
  /** When the commit was made. */
  readonly lastModified?: string;
  /** Its files need a token of {@link HubFixtureOptions.members}. */
  readonly gated?: boolean;
  /** Nobody but {@link HubFixtureOptions.members} sees that it is there. */
  readonly hidden?: boolean;
}

export interface HubFixtureExchange {
  /** The server of the API, or the one that large files are redirected to. */
  readonly where: 'hub' | 'storage';
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path and query, decoded. */
  readonly path: string;
  /** How many requests for the same path came before. */
  readonly earlier: number;
}

export interface HubFixtureOptions {
  /** Tokens of accounts with access to everything. */
  readonly members?: readonly string[];
  /** Tokens of accounts without. */
  readonly strangers?: readonly string[];
  /** Files on one page of a listing. */
  readonly pageSize?: number;
  /** Below which path the API lies, `/mirror`. */
  readonly prefix?: string;
  /** Sees every request first; true means that it was, or will be, answered here. */
  readonly intercept?: (exchange: HubFixtureExchange) => boolean;
}

/** Two servers on this machine that answer as the Hugging Face Hub does. */
export interface HubFixture {
  /** What `HF_ENDPOINT` is set to. */
  readonly endpoint: string;
  /** All requests in order. */
  readonly log: readonly {
    readonly where: 'hub' | 'storage';
    readonly path: string;
    readonly range: string | undefined;
  }[];
  /** Adds a commit, which `main` then stands for. @returns its 40 hex digits. */
  push(repository: HubFixtureRepository): string;
  close(): Promise<void>;
}

interface Commit {
  readonly sha: string;
  readonly repository: HubFixtureRepository;
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Starts a Hub with no repositories. */
export async function startHuggingFaceHub(options: HubFixtureOptions = {}): Promise<HubFixture> {
  const hub = new LocalHub(options);
  await hub.start();
  return hub;
}

class LocalHub implements HubFixture {
  readonly log: { where: 'hub' | 'storage'; path: string; range: string | undefined }[] = [];
  private readonly commits: Commit[] = [];
  private readonly large = new Map<string, Buffer>();
  private readonly hub: Server;
  private readonly storage: Server;

  constructor(private readonly options: HubFixtureOptions) {
    this.hub = createServer((request, response) => this.take('hub', request, response));
    this.storage = createServer((request, response) => this.take('storage', request, response));
  }

  get endpoint(): string {
    return `${origin(this.hub)}${this.options.prefix ?? ''}`;
  }

  async start(): Promise<void> {
    await Promise.all([this.hub, this.storage].map(listen));
  }

  push(repository: HubFixtureRepository): string {
    const hash = createHash('sha1').update(`${this.commits.length} ${repository.name}`);
    for (const [path, content] of Object.entries(repository.files)) {
      hash.update(path).update(content);
      if (isLarge(path)) this.large.set(sha256(content), Buffer.from(content));
    }
    const sha = hash.digest('hex');
    this.commits.push({ sha, repository });
    return sha;
  }

  async close(): Promise<void> {
    await Promise.all([this.hub, this.storage].map(end));
  }

  private take(where: 'hub' | 'storage', request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(request.url ?? '');
    const earlier = this.log.filter((entry) => entry.where === where && entry.path === path).length;
    this.log.push({ where, path, range: request.headers.range });
    if (this.options.intercept?.({ where, request, response, path, earlier }) === true) return;
    if (where === 'storage') return this.sendLarge(request, response);
    const url = new URL(request.url ?? '', origin(this.hub));
    const prefix = this.options.prefix ?? '';
    const local = decodeURIComponent(url.pathname).slice(prefix.length);
    const [, kind, name = '', rest = ''] = /^\/(api\/models\/)?([^/]+\/[^/]+)\/(.+)$/.exec(local) ?? [];
    const repository = this.latest(name, kind !== undefined);
    if (!repository || !decodeURIComponent(url.pathname).startsWith(prefix))
      return this.refuse(request, response);
    const refusal = this.refusal(request, repository.repository, rest.startsWith('resolve/'));
    if (refusal) return send(response, refusal[0], { 'x-error-code': refusal[1] });
    this.answer(request, response, { rest, url, latest: repository });
  }

  private answer(
    request: IncomingMessage,
    response: ServerResponse,
    { rest, url, latest }: { readonly rest: string; readonly url: URL; readonly latest: Commit },
  ): void {
    const [verb = '', revision = '', ...path] = rest.split('/');
    const { name } = latest.repository;
    const commit =
      revision === 'main'
        ? latest
        : this.commits.find(({ sha, repository }) => sha === revision && repository.name === name);
    if (!commit) return send(response, 404, { 'x-error-code': 'RevisionNotFound' });
    if (verb === 'revision') {
      const { lastModified = '2026-01-01T00:00:00.000Z', gated = false } = commit.repository;
      return sendJson(response, {
        id: name,
        sha: commit.sha,
        lastModified,
        gated: gated && 'manual',
        siblings: [],
      });
    }
    if (verb === 'tree') return this.sendTree(response, commit, url);
    const content = commit.repository.files[path.join('/')];
    if (content === undefined) return send(response, 404, { 'x-error-code': 'EntryNotFound' });
    if (!isLarge(path.join('/'))) return sendBytes(request, response, Buffer.from(content));
    const digest = sha256(content);
    send(response, 302, {
      location: `${origin(this.storage)}/${digest}?signature=valid`,
      'x-linked-size': String(Buffer.byteLength(content)),
      'x-linked-etag': `"${digest}"`,
      'x-repo-commit': commit.sha,
      'x-xet-hash': '0'.repeat(64),
      link: `<${origin(this.hub)}/api/models/${name}/xet-read-token/${commit.sha}>; rel="xet-auth"`,
    });
  }

  private sendTree(response: ServerResponse, { repository }: Commit, url: URL): void {
    const entries = Object.entries(repository.files).map(([path, content]) =>
      describe(path, Buffer.from(content)),
    );
    const folders = new Set(
      entries.flatMap(({ path }) => (path.includes('/') ? [path.slice(0, path.lastIndexOf('/'))] : [])),
    );
    const all = [
      ...[...folders].map((path) => ({ type: 'directory', path, size: 0, oid: '0'.repeat(40) })),
      ...entries,
    ];
    const size = this.options.pageSize ?? 1000;
    const start = Number(url.searchParams.get('cursor') ?? 0);
    const next = new URL(url);
    next.searchParams.set('cursor', String(start + size));
    const more = start + size < all.length;
    sendJson(response, all.slice(start, start + size), more ? { link: `<${next.href}>; rel="next"` } : {});
  }

  /** Storage takes no tokens: a request that carries one is a leak. */
  private sendLarge(request: IncomingMessage, response: ServerResponse): void {
    const content = this.large.get((request.url ?? '').slice(1).split('?')[0] ?? '');
    if (request.headers.authorization !== undefined) return send(response, 400);
    if (!content) return send(response, 404);
    sendBytes(request, response, content);
  }

  /** The API finds every spelling; downloads need the right one. */
  private latest(name: string, anySpelling: boolean): Commit | undefined {
    return this.commits.findLast(({ repository }) =>
      anySpelling ? repository.name.toLowerCase() === name.toLowerCase() : repository.name === name,
    );
  }

  private refusal(
    request: IncomingMessage,
    { gated = false, hidden = false }: HubFixtureRepository,
    download: boolean,
  ): readonly [status: number, code: string] | undefined {
    const { members = [], strangers = [] } = this.options;
    const token = request.headers.authorization?.replace('Bearer ', '');
    if (token !== undefined && ![...members, ...strangers].includes(token)) return [401, ''];
    if (token !== undefined && members.includes(token)) return undefined;
    if (hidden) return [token === undefined ? 401 : 404, 'RepoNotFound'];
    if (gated && download) return [token === undefined ? 401 : 403, 'GatedRepo'];
    return undefined;
  }

  private refuse(request: IncomingMessage, response: ServerResponse): void {
    send(response, request.headers.authorization === undefined ? 401 : 404, {
      'x-error-code': 'RepoNotFound',
    });
  }
}

function describe(path: string, content: Buffer) {
  const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  const entry = { type: 'file', path, size: content.length, oid };
  if (!isLarge(path)) return entry;
  const lfs = { oid: sha256(content), size: content.length, pointerSize: 134 };
  return { ...entry, lfs, xetHash: '0'.repeat(64) };
}

function isLarge(path: string): boolean {
  return /\.(?:gguf|safetensors)$/.test(path);
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function send(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-length': 0, ...headers }).end();
}

function sendJson(response: ServerResponse, document: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { ...JSON_TYPE, ...headers }).end(JSON.stringify(document));
}

function sendBytes(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (first === undefined) {
    response.writeHead(200, { 'content-length': content.length, 'accept-ranges': 'bytes' }).end(content);
    return;
  }
  const end = Math.min(content.length, last === '' || last === undefined ? content.length : Number(last) + 1);
  const part = content.subarray(Number(first), end);
  response
    .writeHead(206, {
      'content-length': part.length,
      'content-range': `bytes ${first}-${end - 1}/${content.length}`,
    })
    .end(part);
}

function origin(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

async function end(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
