import { Controller, Head, Post } from '@nestjs/common';
import { RouteFailure } from '../../http/failure.js';
import { Operation } from '../../openapi/operation.js';
import { LOOK_FOR_BLOB, TAKE_BLOB } from './operations.js';

const NOT_KEPT = 'files are not taken here: send the file of a model to POST /models/package?target=<name>';

/** Where clients of Ollama send files that a model is to be made of. Nothing is kept there. */
@Controller('api/blobs')
export class OllamaBlobsController {
  @Head(':digest')
  @Operation(LOOK_FOR_BLOB)
  look(): never {
    throw new RouteFailure(404, NOT_KEPT);
  }

  @Post(':digest')
  @Operation(TAKE_BLOB)
  take(): never {
    throw new RouteFailure(400, NOT_KEPT);
  }
}
