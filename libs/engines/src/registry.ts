import type { Engine } from './engine.js';
import { findLlamaServer, LlamaServerEngine } from './llama-cpp/index.js';
import { AttachedEngine, type AttachedEngineOptions } from './openai/index.js';
import { findSglang, SglangEngine } from './sglang/index.js';
import { findVllm, VllmEngine } from './vllm/index.js';

export interface EngineRegistryOptions {
  /** Our own environment; each engine passes on what concerns the machine. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly llamaCpp?: {
    /** A llama-server to use; absent = the first one on the `PATH` of `environment`. */
    readonly binary?: string | undefined;
    /** Put at the end of llama-server's command line. */
    readonly extraArguments?: readonly string[] | undefined;
    /** False where only llama-server will do, as on an accelerator the embedded engine has no build for. */
    readonly allowEmbedded?: boolean | undefined;
  };
  readonly vllm?: {
    /** A vllm program to use; absent = the first one on the `PATH` of `environment`. */
    readonly binary?: string | undefined;
  };
  readonly sglang?: {
    /** The SGLang program to use, or the Python that has it; absent = the first on the `PATH` of `environment`. */
    readonly program?: string | undefined;
  };
  /** A server that somebody else runs; absent = none. */
  readonly openai?: AttachedEngineOptions | undefined;
}

/** The engines this machine has, one line each. None of them is started or probed by this. */
export async function createEngines(options: EngineRegistryOptions): Promise<readonly Engine[]> {
  const engines = [
    await createLlamaCpp(options),
    createVllm(options),
    createSglang(options),
    options.openai && new AttachedEngine(options.openai),
  ];
  return engines.filter((engine) => engine !== undefined);
}

/** llama-server where there is one, else the engine that npm installs with us. */
async function createLlamaCpp(options: EngineRegistryOptions): Promise<Engine | undefined> {
  const { environment, llamaCpp = {} } = options;
  const binary = findLlamaServer({ binary: llamaCpp.binary, searchPath: environment['PATH'] });
  if (binary !== undefined) {
    return new LlamaServerEngine({ binary, environment, extraArguments: llamaCpp.extraArguments ?? [] });
  }
  if (llamaCpp.allowEmbedded === false) return undefined;
  const { EmbeddedLlamaEngine } = await import('./llama-cpp-embedded/index.js');
  return new EmbeddedLlamaEngine({ environment });
}

function createVllm({ environment, vllm = {} }: EngineRegistryOptions): Engine | undefined {
  const binary = findVllm({ binary: vllm.binary, searchPath: environment['PATH'] });
  return binary === undefined ? undefined : new VllmEngine({ binary, environment });
}

function createSglang({ environment, sglang = {} }: EngineRegistryOptions): Engine | undefined {
  const program = findSglang({ program: sglang.program, searchPath: environment['PATH'] });
  return program === undefined ? undefined : new SglangEngine({ program, environment });
}
