import { printBytes } from './formats/print-quantity.js';
import type { PulledModel } from './pull-model.js';

/** The last line of a successful pull, as existing clients look for it. */
export function pullMessage({ model, cached }: PulledModel): string {
  if (!cached) return 'Model pulled successfully';
  return `Using cached model: ${model.config.size ?? printBytes(model.size)}`;
}
