import { Controller, Get, Param } from '@nestjs/common';
import { Catalogue } from '#cluster';
import { LongshoreError } from '#contracts';
import { encodeModel, encodeModelList, type OpenAiModel, type OpenAiModelList } from './encode-model.js';
import { engineOf } from '../../http/engine-of.js';
import { Operation } from '../../openapi/operation.js';
import { OPENAI_PREFIXES } from './prefixes.js';
import { OPENAI_MODEL, OPENAI_MODEL_LIST } from './schemas.js';

/** The models of the cluster, as the OpenAI API lists them. */
@Controller(OPENAI_PREFIXES)
export class OpenAiModelsController {
  constructor(private readonly catalogue: Catalogue) {}

  @Operation({
    summary: 'List the models',
    tags: ['OpenAI'],
    answers: { 200: { description: 'All models.', content: { 'application/json': OPENAI_MODEL_LIST } } },
    errors: ['unknown_engine', 'redis_unavailable'],
  })
  @Get('models')
  async list(@Param('engine') engine?: string): Promise<OpenAiModelList> {
    engineOf(engine);
    return encodeModelList(await this.catalogue.list());
  }

  @Operation({
    summary: 'Show a model',
    tags: ['OpenAI'],
    answers: { 200: { description: 'The model.', content: { 'application/json': OPENAI_MODEL } } },
    errors: ['unknown_engine', 'model_not_found', 'redis_unavailable'],
  })
  @Get('models/*')
  async inspect(@Param('*') name: string, @Param('engine') engine?: string): Promise<OpenAiModel> {
    engineOf(engine);
    const model = await this.catalogue.find(name);
    if (!model) throw new LongshoreError('model_not_found', `model not found: ${name}`);
    return encodeModel(model);
  }
}
