import { Controller, Get, Inject } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { readRelease } from '#config';
import { ERROR_DIALECTS, type ErrorDialect } from '../http/error-dialect.js';
import { routesOf } from './controller-routes.js';
import { openApiDocument, type OpenApiDocument } from './document.js';
import { Operation } from './operation.js';

/** Serves the description of all routes, which is made of what stands at their handlers. */
@Controller('openapi.json')
export class OpenApiController {
  private document: OpenApiDocument | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    @Inject(ERROR_DIALECTS) private readonly dialects: readonly ErrorDialect[],
  ) {}

  @Operation({
    summary: 'This document',
    tags: ['Service'],
    open: true,
    answers: { 200: { description: 'OpenAPI 3.1.', content: { 'application/json': { type: 'object' } } } },
  })
  @Get()
  show(): OpenApiDocument {
    this.document ??= openApiDocument({
      routes: this.discovery
        .getControllers()
        .flatMap(({ metatype }) => routesOf(metatype as new () => object)),
      dialects: this.dialects,
      release: readRelease(),
    });
    return this.document;
  }
}
