import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiKeys, createApiKey, digestApiKey } from '#cluster';
import { type ApiKey, ENVELOPE_VERSION } from '#contracts';
import { GatewayConfig } from '../../gateway.config.js';
import { RouteFailure } from '../../http/failure.js';
import { decodeKeyRequest } from './decode-key-request.js';
import { encodeKey, type ListedKey } from './encode-key.js';

/** The API keys of the cluster, for its administrators. */
@Controller('keys')
export class KeysController {
  constructor(
    private readonly keys: ApiKeys,
    private readonly config: GatewayConfig,
  ) {}

  /** The only answer that ever has the key itself. */
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

  @Get()
  async list(): Promise<{ readonly object: 'list'; readonly data: readonly ListedKey[] }> {
    this.refuseWhereOpen();
    const keys = await this.keys.list();
    return { object: 'list', data: keys.map(({ key, usedAt }) => encodeKey(key, usedAt)) };
  }

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
