import { Readable } from 'node:stream';
import type { OutputStream } from '../command-context.js';
import { layerLine } from '../output/progress-view.js';
import { RedrawnLines } from '../output/redrawn-lines.js';
import type { PackedFile } from './packed-file.js';
import { readWhole, tarSize, writeTar } from './write-tar.js';

export interface Upload {
  readonly body: Readable;
  readonly contentType: string;
  /** Bytes. */
  readonly length: number;
}

/** One GGUF file goes as it is, everything else as an archive. */
export function packUpload(files: readonly PackedFile[]): Upload {
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0)
    return {
      body: Readable.from(readWhole(only)),
      contentType: 'application/octet-stream',
      length: only.size,
    };
  return { body: Readable.from(writeTar(files)), contentType: 'application/x-tar', length: tarSize(files) };
}

/** Shows on a terminal how much has been sent. */
export function showUpload({ body, length }: Upload, stream: OutputStream): void {
  if (stream.isTTY !== true) return;
  const lines = new RedrawnLines(stream);
  let current = 0;
  body.on('data', (chunk: Buffer) => {
    current += chunk.length;
    lines.draw([layerLine({ id: 'Files', current, size: length }, 'push')], { now: current >= length });
  });
}
