import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Catalogue, WorkerDirectory } from '#cluster';
import { engineOf } from '../http/engine-of.js';
import { ConfigurationService } from './configuration-service.js';
import { invalidRequest } from './decode-body.js';
import { decodeConfiguration } from './decode-configuration.js';
import type { ListedConfiguration } from './encode-configuration.js';
import { decodeBackend, requireInstalled } from './installed-engines.js';
import { type RunningModel, runningModels } from './running-models.js';
import { decodeUnload, UnloadService } from './unload-service.js';
import { Operation } from '../openapi/operation.js';
import { CONFIGURE, CONFIGURED, INSTALL, RUNNING, UNLOAD } from './operations.js';

/** What runs on the cluster and how, as the Model Runner API shows and changes it. */
@Controller('engines')
export class EnginesController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly directory: WorkerDirectory,
    private readonly configurations: ConfigurationService,
    private readonly sessions: UnloadService,
  ) {}

  @Operation(RUNNING)
  @Get('ps')
  async running(): Promise<readonly RunningModel[]> {
    return runningModels(this.directory.workers(), await this.catalogue.list());
  }

  @Operation(UNLOAD)
  @Post('unload')
  @HttpCode(200)
  async unload(@Body() body: unknown): Promise<{ readonly unloaded_runners: number }> {
    return { unloaded_runners: await this.sessions.unload(decodeUnload(body)) };
  }

  @Operation(CONFIGURE)
  @Post(['_configure', ':engine/_configure'])
  @HttpCode(202)
  async configure(@Body() body: unknown, @Param('engine') engine?: string): Promise<void> {
    const named = engineOf(engine);
    await this.configurations.configure(decodeConfiguration(body), named);
  }

  @Operation(CONFIGURED)
  @Get(['_configure', ':engine/_configure'])
  async configured(
    @Query('model') model: unknown,
    @Param('engine') engine?: string,
  ): Promise<readonly ListedConfiguration[]> {
    const named = engineOf(engine);
    if (model !== undefined && typeof model !== 'string') throw invalidRequest('give "model" once.');
    const all = await this.configurations.list(model === '' ? undefined : model);
    return all.filter(({ Backend }) => named === undefined || Backend === named);
  }

  /** Engines come with workers, so there is nothing to do but to say whether one is there. */
  @Operation(INSTALL)
  @Post(['install-backend', 'uninstall-backend'])
  @HttpCode(200)
  install(@Body() body: unknown): void {
    requireInstalled(decodeBackend(body), this.directory.workers());
  }
}
