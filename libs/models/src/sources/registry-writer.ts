import type { ModelReference } from '#contracts';
import { isRecord } from '../formats/json.js';
import type { SourceAccess } from './model-source.js';
import { unauthorized } from './registry-authorization.js';
import type { RegistryHttp, RegistryRequest, RegistryResponse } from './registry-http.js';
import { SourceError } from './source-error.js';

export type WriteRequest = Pick<RegistryRequest, 'method' | 'target' | 'headers' | 'body' | 'alsoPull'>;

/** What a registry answered; its body has been read. */
export type WriteAnswer = Pick<RegistryResponse, 'status' | 'headers' | 'url'>;

/** Longest answer that is looked into for a reason; bytes. */
const REASON_LIMIT = 16 * 1024;

/** One repository that is written to. */
export class RegistryWriter {
  constructor(
    private readonly http: RegistryHttp,
    readonly reference: ModelReference,
    private readonly access: SourceAccess,
  ) {}

  get signal(): AbortSignal | undefined {
    return this.access.signal;
  }

  /** Does a piece of work again when it failed in a way that may pass. */
  async retrying<T>(task: () => Promise<T>): Promise<T> {
    return this.http.retrying(this.reference.registry, this.access, task);
  }

  /**
   * Sends a request once.
   * @param expected statuses that are an answer; every other one is a failure.
   * @throws TransientFailure, SourceError; the signal's reason.
   */
  async send(request: WriteRequest, expected: readonly number[]): Promise<WriteAnswer> {
    const { registry, repository } = this.reference;
    const { access } = this;
    const { body, ...answer } = await this.http.attempt({
      registry,
      repository,
      actions: 'pull,push',
      access,
      ...request,
    });
    const reason = await readReason(body);
    if (expected.includes(answer.status)) return answer;
    if (answer.status === 401 || answer.status === 403) throw unauthorized();
    if (answer.status === 404) {
      throw new SourceError('failed', `The registry ${registry} takes no uploads for ${repository}.`);
    }
    throw new SourceError(
      'failed',
      `The registry ${registry} refused the upload with status ${answer.status}${reason}.`,
    );
  }
}

/** The first error of the answer as registries write them, in brackets; empty when there is none. */
async function readReason(body: RegistryResponse['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > REASON_LIMIT) break;
      chunks.push(chunk);
    }
    const document: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const errors: unknown = isRecord(document) ? document['errors'] : undefined;
    const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
    const code = isRecord(first) ? first['code'] : undefined;
    return typeof code === 'string' && /^\w{1,64}$/.test(code) ? ` (${code})` : '';
  } catch {
    return '';
  }
}
