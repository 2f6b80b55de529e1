import { Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { Catalogue, WorkerDirectory } from '#cluster';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallDefaultsService } from './call-defaults.js';
import { decodeCopy, decodeCreate } from './decode-model.js';
import { encodeProcesses, encodeTags } from './encode-models.js';
import { encodeShow, templateOf } from './encode-show.js';
import { type JsonObject, readBody, readFlag, readModel, refuse } from './fields.js';
import { ModelExtrasReader } from './model-extras.js';
import { NamedModels } from './named-models.js';
import { encodeLines, NDJSON } from './stream-lines.js';
import { Operation } from '../../openapi/operation.js';
import { COPY, CREATE, DELETE, LIST, PROCESSES, SHOW, VERSION } from './operations.js';

/**
 * The release of Ollama whose API this is. Clients ask for it to learn what they may send: this one is the first that
 * Codex trusts with the Responses API.
 */
const OLLAMA_RELEASE = '0.13.4';

/** Nobody waits for longer to see what stands in the layers of a model; ms. */
const EXTRAS_TIMEOUT_MS = 3_000;

/** The models of the cluster, as the Ollama API shows and names them. */
@Controller('api')
export class OllamaModelsController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly directory: WorkerDirectory,
    private readonly models: NamedModels,
    private readonly defaults: CallDefaultsService,
    private readonly extras: ModelExtrasReader,
  ) {}

  @Get('version')
  @Operation(VERSION)
  version(): JsonObject {
    return { version: OLLAMA_RELEASE };
  }

  @Get('tags')
  @Operation(LIST)
  async tags(): Promise<JsonObject> {
    return encodeTags(await this.catalogue.list());
  }

  @Get('ps')
  @Operation(PROCESSES)
  async processes(): Promise<JsonObject> {
    return encodeProcesses(this.directory.workers(), await this.catalogue.list(), Date.now());
  }

  @Post('show')
  @Operation(SHOW)
  @HttpCode(200)
  async show(@Req() request: FastifyRequest): Promise<JsonObject> {
    const body = readBody(request.body);
    readFlag(body, 'verbose');
    const name = readModel(body);
    const model = await this.models.find(name);
    const [extras, defaults] = await Promise.all([
      this.extras.of(model, AbortSignal.timeout(EXTRAS_TIMEOUT_MS)),
      this.defaults.of(name),
    ]);
    return encodeShow({ name, model, extras, ...(defaults && { defaults }) });
  }

  @Post('copy')
  @Operation(COPY)
  @HttpCode(200)
  async copy(@Req() request: FastifyRequest): Promise<void> {
    const { source, destination } = decodeCopy(readBody(request.body));
    await this.models.copy(source, destination);
  }

  @Delete('delete')
  @Operation(DELETE)
  @HttpCode(200)
  async delete(@Req() request: FastifyRequest): Promise<void> {
    await this.models.delete(readModel(readBody(request.body)));
  }

  /** Makes a name of a model that is there. */
  @Post('create')
  @Operation(CREATE)
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const creation = decodeCreate(readBody(request.body));
    if (creation.template !== undefined) await this.refuseOtherTemplate(creation.from, creation.template);
    const { id } = await this.models.create(creation);
    if (!creation.streaming) return void (await reply.code(200).send({ status: 'success' }));
    const lines = [`using existing layer ${id}`, 'writing manifest', 'success'].map((status) => ({ status }));
    await reply.code(200).header('content-type', NDJSON).send(encodeLines(lines));
  }

  private async refuseOtherTemplate(from: string, template: string): Promise<void> {
    const model = await this.models.find(from);
    const extras = await this.extras.of(model, AbortSignal.timeout(EXTRAS_TIMEOUT_MS));
    if (templateOf(model, extras) === template) return;
    throw refuse('template', 'cannot be another than that of the model: engines use what its file has.');
  }
}
