import { Injectable } from '@nestjs/common';
import { Catalogue } from '#cluster';
import { type CatalogueModel, LongshoreError, parseModelId, parseModelReference } from '#contracts';
import { GatewayConfig } from '../gateway.config.js';
import { RouteFailure } from '../http/failure.js';
import type { StreamedResponse } from '../http/streamed-response.js';
import type { Repackaging } from './decode-action.js';
import type { Packaging } from './decode-package.js';
import { referenceOf } from './decode-pull.js';
import { findByLastSegment } from './find-by-last-segment.js';
import { findManaged, tagMeant } from './find-managed.js';
import { ModelStores } from './model-stores.js';
import { readJson, readRefusal, type StoreAnswer, type Upload } from './store-client.js';

export interface Push {
  /** The model, as the client named it. */
  readonly model: string;
  /** The same as a full reference, which is where it goes unless the model was found by a part of its name. */
  readonly reference: string;
  readonly bearerToken?: string;
}

/** What moves whole models in and out of the cluster: done by a worker that has the files, passed on as it comes. */
@Injectable()
export class ModelTransfers {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly stores: ModelStores,
    private readonly config: GatewayConfig,
  ) {}

  /** A model by any of its names, also by the last part of one. @throws RouteFailure 404 */
  async locate(name: string): Promise<CatalogueModel> {
    const exact = await this.catalogue.find(name);
    const model = exact ?? findByLastSegment(await this.catalogue.list(), name);
    if (!model) throw new RouteFailure(404, `model not found: ${name}`);
    return model;
  }

  /** A model in its registry, which a worker asks. @throws RouteFailure 400, 401, 404, 500 */
  async inspectRemote(name: string, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    if (parseModelId(name) !== undefined)
      throw new RouteFailure(400, 'Invalid model reference: a registry is asked by a name, not by an id.');
    const reference = encodeURIComponent(referenceOf(name, this.config.defaultRegistry));
    const answer = await this.stores.ask(
      this.stores.all(),
      { method: 'GET', path: `/remote?reference=${reference}` },
      signal,
    );
    if (answer.status === 404) throw await refusal(answer, 404, `model not found: ${name}`);
    if (answer.status === 401) throw await refusal(answer, 401, 'Unauthorized');
    if (answer.status !== 200) throw await refusal(answer, answer.status === 400 ? 400 : 500);
    const { id, created, config } = await readJson(answer);
    return { id, created, config };
  }

  /** A model as a tar archive. @throws RouteFailure 404, 500 */
  async exportModel(name: string, signal: AbortSignal): Promise<StreamedResponse> {
    const { id } = await this.locate(name);
    const path = `/models/${id}/export`;
    const answer = await this.stores.ask(
      await this.stores.holders(id, name),
      { method: 'GET', path },
      signal,
    );
    if (answer.status !== 200) throw await refusal(answer, answer.status === 404 ? 404 : 500);
    const length = answer.headers['content-length'];
    const headers = {
      'content-type': 'application/x-tar',
      'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.:@/-]/g, '_')}.tar"`,
      ...(length === undefined ? {} : { 'content-length': length }),
    };
    return { status: 200, headers, body: answer.body };
  }

  /** Stores the model of a tar archive on a worker. @returns its id. @throws RouteFailure 500 */
  async load(upload: Upload, signal: AbortSignal): Promise<string> {
    const worker = await this.stores.firstReachable(signal);
    const answer = await this.stores.ask([worker], { method: 'POST', path: '/models/load', upload }, signal);
    if (answer.status >= 300) throw await refusal(answer, 500);
    return readModelId(answer);
  }

  /** Makes a model of files on a worker. @returns its id. @throws RouteFailure 400, 500, 507 */
  async package({ target, contextSize }: Packaging, upload: Upload, signal: AbortSignal): Promise<string> {
    const worker = await this.stores.firstReachable(signal);
    const query = new URLSearchParams({ target, ...(contextSize && { contextSize: `${contextSize}` }) });
    const path = `/models/package?${query.toString()}`;
    const answer = await this.stores.ask([worker], { method: 'POST', path, upload }, signal);
    if (answer.status >= 300)
      throw await refusal(answer, answer.status === 400 || answer.status === 507 ? answer.status : 500);
    const id = await readModelId(answer);
    // Other workers may know another model by this name.
    await this.catalogue.tag(id, target);
    return id;
  }

  /** The lines of a push. @throws RouteFailure 401, 404, 500 before the first of them */
  async push({ model, reference, bearerToken }: Push, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const known = await findManaged(this.catalogue, model);
    if (known === undefined) throw new RouteFailure(404, 'Model not found');
    const json = {
      reference: pushedAs(known, { model, reference }),
      ...(bearerToken === undefined ? {} : { bearerToken }),
    };
    const path = `/models/${known.id}/push`;
    const holders = await this.stores.holders(known.id, model);
    const answer = await this.stores.ask(holders, { method: 'POST', path, json }, signal);
    if (answer.status === 401) throw await refusal(answer, 401, 'Unauthorized');
    if (answer.status === 404) throw await refusal(answer, 404, 'Model not found');
    if (answer.status !== 200) throw await refusal(answer, 500);
    return answer.body;
  }

  /**
   * Makes a model with another context size of one there is; without a size it is the same model, by one more name.
   * @throws RouteFailure 400, 404, 500
   */
  async repackage(model: string, { target, contextSize }: Repackaging, signal: AbortSignal): Promise<string> {
    const known = await findManaged(this.catalogue, model);
    if (known === undefined) throw new LongshoreError('model_not_found', `model not found: ${model}`);
    let { id } = known;
    if (contextSize !== undefined) {
      const answer = await this.stores.ask(
        await this.stores.holders(id, model),
        { method: 'POST', path: `/models/${id}/repackage`, json: { target, contextSize } },
        signal,
      );
      if (answer.status >= 300)
        throw await refusal(answer, answer.status === 400 || answer.status === 404 ? answer.status : 500);
      id = await readModelId(answer);
    }
    // Other workers may know another model by this name.
    await this.catalogue.tag(id, target);
    return id;
  }
}

/** @throws RouteFailure 400 when it cannot be told which of its names is meant */
function pushedAs(known: CatalogueModel, { model, reference }: Push): string {
  const foundByPart = !known.tags.includes(reference) && parseModelReference(reference).digest === undefined;
  if (!foundByPart) return reference;
  const tag = tagMeant(known, model);
  if (tag !== undefined) return tag;
  throw new RouteFailure(400, `Invalid model reference: "${model}" may be any of ${known.tags.join(', ')}`);
}

async function readModelId(answer: StoreAnswer): Promise<string> {
  const { modelId } = await readJson(answer);
  if (typeof modelId === 'string') return modelId;
  throw new RouteFailure(500, 'a worker did not say which model it has stored');
}

async function refusal(answer: StoreAnswer, status: number, message?: string): Promise<RouteFailure> {
  const reason = await readRefusal(answer);
  return new RouteFailure(status, message ?? reason);
}
