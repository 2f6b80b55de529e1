import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModelFiles } from '../engine.js';
import { isObject, parseObject } from '../request-body.js';

/** What a model says of itself in the files beside its weights. */
export interface ModelFolder {
  readonly path: string;
  /** `model_type` of `config.json`, such as `qwen3`; empty when it does not say. */
  readonly modelType: string;
  /** The template that makes a prompt of a chat; empty when it has none. */
  readonly chatTemplate: string;
  /** Tokens it was made for; absent when that is not known, or is stretched by a rule of its own. */
  readonly positions?: number;
  /** Bytes one token takes in the cache of keys and values; absent when that is not known. */
  readonly cacheBytesPerToken?: number;
}

/** Reads what there is: a file that is missing or unreadable says nothing, and the engine complains of it itself. */
export async function readModelFolder(files: ModelFiles): Promise<ModelFolder> {
  const path = dirname(files.weights);
  const config = parseObject(await readText(join(path, 'config.json'))) ?? {};
  return describeFolder(path, config, await chatTemplateOf(path, files.chatTemplate));
}

/** @param config the members of `config.json` */
export function describeFolder(
  path: string,
  config: Readonly<Record<string, unknown>>,
  chatTemplate: string,
): ModelFolder {
  // A model that also sees has the numbers of its text part one level deeper.
  const text = isObject(config['text_config']) ? config['text_config'] : config;
  const { model_type: modelType } = config;
  const positions = positionsOf(text);
  const cacheBytesPerToken = cacheBytesOf(text);
  return {
    path,
    modelType: typeof modelType === 'string' ? modelType : '',
    chatTemplate,
    ...(positions !== undefined && { positions }),
    ...(cacheBytesPerToken !== undefined && { cacheBytesPerToken }),
  };
}

function positionsOf(config: Readonly<Record<string, unknown>>): number | undefined {
  const scaling = config['rope_scaling'] ?? config['rope_parameters'];
  const isStretched = isObject(scaling) && 'factor' in scaling;
  return isStretched ? undefined : numberIn(config, 'max_position_embeddings');
}

/** Keys and values of all layers, in two bytes a number or in four. */
function cacheBytesOf(config: Readonly<Record<string, unknown>>): number | undefined {
  const layers = numberIn(config, 'num_hidden_layers');
  const heads = numberIn(config, 'num_attention_heads');
  const size = numberIn(config, 'hidden_size');
  if (layers === undefined || heads === undefined || size === undefined) return undefined;
  const headSize = numberIn(config, 'head_dim') ?? Math.ceil(size / heads);
  const BYTES = 4;
  return 2 * layers * (numberIn(config, 'num_key_value_heads') ?? heads) * headSize * BYTES;
}

function numberIn(config: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = config[name];
  return typeof value === 'number' && value > 0 ? value : undefined;
}

async function chatTemplateOf(folder: string, replacement: string | undefined): Promise<string> {
  if (replacement !== undefined) return readText(replacement);
  const own = await readText(join(folder, 'chat_template.jinja'));
  if (own !== '') return own;
  const { chat_template: template } =
    parseObject(await readText(join(folder, 'tokenizer_config.json'))) ?? {};
  if (typeof template === 'string') return template;
  // Several, by name.
  return Array.isArray(template) ? JSON.stringify(template) : '';
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
