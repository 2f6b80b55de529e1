import { isProjector } from './gguf-groups.js';
import { byPath, folderOf, type HubFile } from './hub-file.js';
import { bitWidth, quantizationLabel } from './quantization-label.js';

/**
 * The multimodal projector for a model: of those in the model's folder or one above it, the nearest folder first, then
 * the nearest bit width, then F16, then by name. Undefined when there is none.
 */
export function chooseProjector(files: readonly HubFile[], model: string): HubFile | undefined {
  const folder = folderOf(model);
  const bits = bitWidth(model);
  const distance = (file: HubFile): number => Math.abs(bitWidth(file.path) - bits);
  const [best] = files
    .filter((file) => isProjector(file) && contains(folderOf(file.path), folder))
    .sort(
      (a, b) =>
        folderOf(b.path).length - folderOf(a.path).length ||
        distance(a) - distance(b) ||
        Number(!isF16(a)) - Number(!isF16(b)) ||
        byPath(a, b),
    );
  return best;
}

function contains(outer: string, inner: string): boolean {
  return outer === '' || inner === outer || inner.startsWith(`${outer}/`);
}

function isF16({ path }: HubFile): boolean {
  return quantizationLabel(path.replace(/\.gguf$/i, '')) === 'F16';
}
