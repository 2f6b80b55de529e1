import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { Catalogue, type DeletedEntry } from '#cluster';
import { RouteFailure } from '../http/failure.js';
import { encodeModel, type ListedModel } from './encode-model.js';
import { findByLastSegment } from './find-by-last-segment.js';

/** The models of the cluster, as the Model Runner API shows them. */
@Controller('models')
export class ModelsController {
  constructor(private readonly catalogue: Catalogue) {}

  @Get()
  async list(): Promise<ListedModel[]> {
    return (await this.catalogue.list()).map((model) => encodeModel(model));
  }

  @Get('*')
  async inspect(@Param('*') name: string): Promise<ListedModel> {
    const exact = await this.catalogue.find(name);
    const model = exact ?? findByLastSegment(await this.catalogue.list(), name);
    if (!model) throw new RouteFailure(404, `model not found: ${name}`);
    return encodeModel(model);
  }

  @Delete('*')
  remove(
    @Param('*') name: string,
    @Query('force') force: string | undefined,
  ): Promise<readonly DeletedEntry[]> {
    return this.catalogue.remove(name, { force: /^(?:1|t|true)$/i.test(force ?? '') });
  }
}
