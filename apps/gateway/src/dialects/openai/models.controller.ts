import { Controller, Get, Param } from '@nestjs/common';
import { Catalogue } from '#cluster';
import { LongshoreError } from '#contracts';
import { encodeModel, encodeModelList, type OpenAiModel, type OpenAiModelList } from './encode-model.js';
import { engineOf } from '../../http/engine-of.js';
import { OPENAI_PREFIXES } from './prefixes.js';

/** The models of the cluster, as the OpenAI API lists them. */
@Controller(OPENAI_PREFIXES)
export class OpenAiModelsController {
  constructor(private readonly catalogue: Catalogue) {}

  @Get('models')
  async list(@Param('engine') engine?: string): Promise<OpenAiModelList> {
    engineOf(engine);
    return encodeModelList(await this.catalogue.list());
  }

  @Get('models/*')
  async inspect(@Param('*') name: string, @Param('engine') engine?: string): Promise<OpenAiModel> {
    engineOf(engine);
    const model = await this.catalogue.find(name);
    if (!model) throw new LongshoreError('model_not_found', `model not found: ${name}`);
    return encodeModel(model);
  }
}
