import { Injectable } from '@nestjs/common';
import { Catalogue, Configurations, ControlSender, WorkerDirectory } from '#cluster';
import {
  type CatalogueModel,
  checkRuntimeFlags,
  type EngineName,
  ENVELOPE_VERSION,
  InvalidReference,
  LongshoreError,
  parseModelReference,
  type SessionConfiguration,
} from '#contracts';
import { findManaged } from '../models/find-managed.js';
import { chooseEngine } from './choose-engine.js';
import { revisionOf } from './configuration-revision.js';
import { invalidRequest } from './decode-body.js';
import type { ConfigurationRequest } from './decode-configuration.js';
import { encodeConfiguration, type ListedConfiguration, namesIn } from './encode-configuration.js';
import { ModelLoads } from './model-loads.js';

/** How models are to be run, as clients set and see it. */
@Injectable()
export class ConfigurationService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly configurations: Configurations,
    private readonly directory: WorkerDirectory,
    private readonly control: ControlSender,
    private readonly loads: ModelLoads,
  ) {}

  /**
   * Keeps a configuration, tells the workers, and begins to load the model in the configured mode. A model that is not
   * there is no error, and nothing is done.
   * @throws RouteFailure 400, LongshoreError
   */
  async configure(request: ConfigurationRequest, named?: EngineName): Promise<void> {
    const model = await findManaged(this.catalogue, request.model);
    if (model === undefined) return;
    const { mode } = request;
    const question = { model, mode, ...(named && { engine: named }) };
    const engine = chooseEngine(question, this.directory.workers());
    refuseForeignMembers(request, engine);
    const problem = checkRuntimeFlags(engine, request.flags ?? []);
    if (problem !== undefined) throw invalidRequest(problem);
    const configuration = await this.fullOf(request, model, engine);
    await this.configurations.put(configuration);
    await this.control.send(undefined, { kind: 'configure', modelId: model.id, mode });
    // Nobody waits for it; the worker that cannot load the model says so in its log.
    const load = { ...question, reference: configuration.reference };
    this.loads.load(load, new AbortController().signal).catch(() => undefined);
  }

  /** @param model lists only what is configured for this one */
  async list(model?: string): Promise<readonly ListedConfiguration[]> {
    const wanted = model === undefined ? undefined : await findManaged(this.catalogue, model);
    if (model !== undefined && wanted === undefined) return [];
    const [models, all] = await Promise.all([this.catalogue.list(), this.configurations.all()]);
    const known = new Set(models.map(({ id }) => id));
    const nameOf = namesIn(models);
    return all
      .filter(({ modelId }) => known.has(modelId) && (wanted === undefined || wanted.id === modelId))
      .map((configuration) => encodeConfiguration(configuration, nameOf));
  }

  private async fullOf(
    { model: text, speculative, ...request }: ConfigurationRequest,
    model: CatalogueModel,
    engine: EngineName,
  ): Promise<SessionConfiguration> {
    const draft = speculative && (await findManaged(this.catalogue, speculative.draftModel));
    if (speculative !== undefined && draft === undefined)
      throw new LongshoreError('model_not_found', `No such draft model: ${speculative.draftModel}`);
    const { draftModel: _draftModel, ...limits } = speculative ?? {};
    const unmarked = {
      version: ENVELOPE_VERSION,
      ...request,
      modelId: model.id,
      reference: referenceOf(text, model),
      engine,
      ...(draft && { speculative: { draftModelId: draft.id, ...limits } }),
    };
    return { ...unmarked, revision: revisionOf(unmarked) };
  }
}

/** What the caller wrote, made full; a name of the model where that is an id or only a part of one. */
function referenceOf(text: string, { tags, id }: CatalogueModel): string {
  const usual = tags[0] ?? id;
  try {
    const { name } = parseModelReference(text);
    return tags.includes(name) ? name : usual;
  } catch (error) {
    if (error instanceof InvalidReference) return usual;
    throw error;
  }
}

/** Members of one engine are of no use to another, and the caller believes that they are. */
function refuseForeignMembers(request: ConfigurationRequest, engine: EngineName): void {
  const { hfOverrides, gpuMemoryUtilization, reasoningBudget, speculative, contextSize } = request;
  const runs = `the model runs on ${engine}`;
  if (engine !== 'vllm' && (hfOverrides !== undefined || gpuMemoryUtilization !== undefined))
    throw invalidRequest(`the members of "vllm" are vLLM's, and ${runs}.`);
  if (engine !== 'llama.cpp' && reasoningBudget !== undefined)
    throw invalidRequest(`the members of "llamacpp" are llama.cpp's, and ${runs}.`);
  if (engine === 'openai' && (speculative !== undefined || contextSize !== undefined))
    throw invalidRequest(`${runs}, a server that somebody else configures; only "keep_alive" can be set.`);
}
