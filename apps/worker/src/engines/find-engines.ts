import type { Environment } from '#config';
import { type EngineName, type Variant, VARIANT_TRAITS } from '#contracts';
import { createEngines, type Engine, EngineStartError } from '#engines';
import type { Logger } from '#observability';
import type { Machine } from '../machine/machine.js';
import type { SettledConfig, WorkerConfig } from '../worker.config.js';
import { chooseVariant } from './choose-variant.js';
import { type HostedEngine, HostedEngines } from './hosted-engines.js';
import { type ListingEngine, listsModels } from './remote-models.js';

export interface EngineSurroundings {
  readonly machine: Machine;
  readonly environment: Environment;
  readonly logger: Logger;
}

export interface FoundEngines {
  readonly config: SettledConfig;
  readonly engines: HostedEngines;
  /** Not among the engines before its server was asked. */
  readonly attached: { readonly engine: ListingEngine; readonly url: string } | undefined;
}

/**
 * The engines this worker is to host, and the kind of worker that makes it where that was left to the machine.
 * @throws EngineStartError when the variant's own engine is missing, or one that was configured does not run
 */
export async function findEngines(
  config: WorkerConfig,
  { machine, environment, logger }: EngineSurroundings,
): Promise<FoundEngines> {
  const variant = config.variant === 'auto' ? await variantFor(config, machine, environment) : config.variant;
  const all = await installedEngines(config, environment, VARIANT_TRAITS[variant].embedded);
  const needed = VARIANT_TRAITS[variant].engine;
  if (!all.some(({ name }) => name === needed)) {
    throw new EngineStartError(
      `Variant ${variant} needs ${needed}, and there is none on this machine: set ${PATHS[needed].variable}.`,
    );
  }
  const attached = all.find(listsModels);
  const own = all.filter((engine) => engine !== attached);
  const wanted = (engine: Engine): boolean =>
    engine.name === needed || config[PATHS[engine.name].field] !== undefined;
  const hosted = await Promise.all(own.map((engine) => host(engine, wanted(engine), logger)));
  const url = config.openaiEngineUrl;
  return {
    config: Object.assign(config, { variant }),
    engines: new HostedEngines(hosted.filter((one) => one !== undefined)),
    attached: attached === undefined || url === undefined ? undefined : { engine: attached, url },
  };
}

/** What says where an engine is. */
const PATHS = {
  'llama.cpp': { variable: 'LLAMA_SERVER_PATH', field: 'llamaServerPath' },
  vllm: { variable: 'VLLM_SERVER_PATH', field: 'vllmServerPath' },
  sglang: { variable: 'SGLANG_SERVER_PATH', field: 'sglangServerPath' },
  openai: { variable: 'OPENAI_ENGINE_URL', field: 'openaiEngineUrl' },
} as const satisfies Readonly<Record<EngineName, { variable: string; field: keyof WorkerConfig }>>;

/** An engine nobody asked for, that only happens to be on the machine, may fail. @throws EngineStartError for others */
async function host(engine: Engine, wanted: boolean, logger: Logger): Promise<HostedEngine | undefined> {
  try {
    return { engine, probe: await engine.probe() };
  } catch (error) {
    if (wanted) throw error;
    const reason = (error as Error).message;
    logger.warn('An engine of this machine cannot be used', { engine: engine.name, reason });
    return undefined;
  }
}

async function variantFor(
  config: WorkerConfig,
  machine: Machine,
  environment: Environment,
): Promise<Variant> {
  const installed = await installedEngines(config, environment, false);
  return chooseVariant({
    accelerators: machine.accelerators.map(({ kind }) => kind),
    installed: installed.filter((engine) => !listsModels(engine)).map(({ name }) => name),
  });
}

function installedEngines(
  config: WorkerConfig,
  environment: Environment,
  allowEmbedded: boolean,
): Promise<readonly Engine[]> {
  const { openaiEngineUrl: url, openaiEngineKey: key } = config;
  return createEngines({
    environment,
    llamaCpp: {
      allowEmbedded,
      binary: config.llamaServerPath,
      extraArguments: config.llamaArguments.split(/\s+/).filter((argument) => argument !== ''),
    },
    vllm: { binary: config.vllmServerPath },
    sglang: { program: config.sglangServerPath },
    ...(url !== undefined && { openai: { url, key } }),
  });
}
