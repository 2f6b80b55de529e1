import { Injectable } from '@nestjs/common';
import type { CatalogueModel } from '#contracts';
import { ModelStores, type StoreWorker } from '../../models/model-stores.js';
import { readJson } from '../../models/store-client.js';
import type { ModelExtras } from './encode-show.js';
import { isObject, type JsonObject } from './fields.js';

const CHAT_TEMPLATE = 'application/vnd.docker.ai.chat.template.jinja';
const LICENSE = 'application/vnd.docker.ai.license';
const PROJECTOR = 'application/vnd.docker.ai.mmproj';

/** Bytes of a text that is shown. */
const LONGEST_TEXT = 1024 * 1024;

/** Reads what of a model stands in its layers, at a worker that has them. */
@Injectable()
export class ModelExtrasReader {
  constructor(private readonly stores: ModelStores) {}

  /** What cannot be read, or not in time, is left out: a model is shown also while no worker has it. */
  async of({ id }: CatalogueModel, signal: AbortSignal): Promise<ModelExtras> {
    const holders = this.stores.all().filter(({ models }) => models.includes(id));
    try {
      const layers = await this.layers(holders, id, signal);
      const [template, license] = await Promise.all(
        [CHAT_TEMPLATE, LICENSE].map((type) => this.text(holders, layerOf(layers, type), signal)),
      );
      return {
        projector: layerOf(layers, PROJECTOR) !== undefined,
        ...(template !== undefined && { template }),
        ...(license !== undefined && { license }),
      };
    } catch {
      return { projector: false };
    }
  }

  private async layers(
    holders: readonly StoreWorker[],
    id: string,
    signal: AbortSignal,
  ): Promise<readonly JsonObject[]> {
    const path = `/v2/store/manifests/${id}`;
    const answer = await this.stores.ask(holders, { method: 'GET', path }, signal);
    const { layers } = await readJson(answer);
    return Array.isArray(layers) ? layers.filter(isObject) : [];
  }

  private async text(
    holders: readonly StoreWorker[],
    layer: JsonObject | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (layer === undefined || Number(layer['size']) > LONGEST_TEXT) return undefined;
    const path = `/v2/store/blobs/${String(layer['digest'])}`;
    const answer = await this.stores.ask(holders, { method: 'GET', path }, signal);
    const parts: Buffer[] = [];
    for await (const part of answer.body) parts.push(part as Buffer);
    return answer.status === 200 ? Buffer.concat(parts).toString('utf8') : undefined;
  }
}

function layerOf(layers: readonly JsonObject[], type: string): JsonObject | undefined {
  return layers.find(({ mediaType }) => mediaType === type);
}
