import { Controller, Param, Post } from '@nestjs/common';
import { ENGINES, LongshoreError } from '#contracts';
import { OPENAI_PREFIXES } from '../dialects/openai/prefixes.js';
import { engineOf } from '../http/engine-of.js';
import { Operation } from '../openapi/operation.js';
import { IMAGES } from './operations.js';

/** Image generation, which takes an engine that is none of ours: said by name, so that nobody looks for a wrong path. */
@Controller(OPENAI_PREFIXES)
export class ImagesController {
  @Operation(IMAGES)
  @Post('images/generations')
  refuse(@Param('engine') engine?: string): never {
    engineOf(engine);
    throw new LongshoreError(
      'unknown_route',
      `images/generations is not served: none of the engines makes images. They are ${ENGINES.join(', ')}.`,
    );
  }
}
