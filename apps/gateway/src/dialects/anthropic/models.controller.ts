import { Catalogue } from '#cluster';
import { LongshoreError } from '#contracts';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { Operation } from '../../openapi/operation.js';
import {
  type AnthropicModel,
  type AnthropicModelList,
  encodeModel,
  encodeModelList,
  type PageQuery,
} from './encode-model.js';
import { GET_MODEL, LIST_MODELS } from './operations.js';

/** The models of the cluster, as Anthropic lists its own. */
@Controller('anthropic/v1/models')
export class AnthropicModelsController {
  constructor(private readonly catalogue: Catalogue) {}

  @Operation(LIST_MODELS)
  @Get()
  async list(@Query() query: PageQuery): Promise<AnthropicModelList> {
    return encodeModelList(await this.catalogue.list(), query);
  }

  @Operation(GET_MODEL)
  @Get('*')
  async inspect(@Param('*') name: string): Promise<AnthropicModel> {
    const model = await this.catalogue.find(name);
    if (!model) throw new LongshoreError('model_not_found', `Model not found: ${name}`);
    return encodeModel(model);
  }
}
