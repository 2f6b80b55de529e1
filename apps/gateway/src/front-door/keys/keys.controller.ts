import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiKeys, createApiKey, digestApiKey } from '#cluster';
import { type ApiKey, ENVELOPE_VERSION } from '#contracts';
import { GatewayConfig } from '../../gateway.config.js';
import { RouteFailure } from '../../http/failure.js';
import { Operation } from '../../openapi/operation.js';
import { decodeKeyRequest } from './decode-key-request.js';
import { encodeKey, type ListedKey } from './encode-key.js';
import { CREATED_KEY, DELETED_KEY, KEY_LIST, KEY_REQUEST } from './key-schemas.js';

const TAGS = ['Keys'];
const OFF = { 404: 'API keys are off: LONGSHORE_ADMIN_KEY is not set.' };

/** The API keys of the cluster, for its administrators. */
@Controller('keys')
export class KeysController {
  constructor(
    private readonly keys: ApiKeys,
    private readonly config: GatewayConfig,
  ) {}

  /** The only answer that ever has the key itself. */
  @Operation({
    summary: 'Make an API key',
    description: 'The key is in this answer only; what is kept of it is a digest.',
    tags: TAGS,
    body: { content: { 'application/json': KEY_REQUEST } },
    answers: { 201: { description: 'The key.', content: { 'application/json': CREATED_KEY } } },
    errors: ['invalid_request', 'redis_unavailable'],
    failures: OFF,
  })
  @Post()
  @HttpCode(201)
  async create(@Body() body: unknown): Promise<ListedKey & { readonly key: string }> {
    this.refuseWhereOpen();
    const { expiresIn, ...wanted } = decodeKeyRequest(body);
    const { key, id } = createApiKey();
    const createdAt = Date.now();
    const kept: ApiKey = {
      version: ENVELOPE_VERSION,
      id,
      ...wanted,
      createdAt,
      ...(expiresIn !== undefined && { expiresAt: createdAt + expiresIn }),
    };
    await this.keys.add(digestApiKey(key), kept);
    return { key, ...encodeKey(kept) };
  }

  @Operation({
    summary: 'List the API keys',
    tags: TAGS,
    answers: { 200: { description: 'All keys, oldest first.', content: { 'application/json': KEY_LIST } } },
    errors: ['redis_unavailable'],
    failures: OFF,
  })
  @Get()
  async list(): Promise<{ readonly object: 'list'; readonly data: readonly ListedKey[] }> {
    this.refuseWhereOpen();
    const keys = await this.keys.list();
    return { object: 'list', data: keys.map(({ key, usedAt }) => encodeKey(key, usedAt)) };
  }

  @Operation({
    summary: 'Take an API key back',
    tags: TAGS,
    answers: { 200: { description: 'It is gone.', content: { 'application/json': DELETED_KEY } } },
    errors: ['redis_unavailable'],
    failures: { 404: 'There is no such key, or API keys are off.' },
  })
  @Delete(':id')
  async delete(@Param('id') id: string): Promise<{ readonly id: string; readonly deleted: true }> {
    this.refuseWhereOpen();
    if (!(await this.keys.remove(id))) throw new RouteFailure(404, `no such API key: ${id.slice(0, 100)}`);
    return { id, deleted: true };
  }

  /** Whoever comes by an open gateway could else leave a key for the day that it is closed. */
  private refuseWhereOpen(): void {
    if (this.config.adminKey === '')
      throw new RouteFailure(404, 'API keys are off: set LONGSHORE_ADMIN_KEY on the gateway');
  }
}
