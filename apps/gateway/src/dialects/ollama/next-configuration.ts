import type { SessionConfiguration } from '#contracts';

export interface AskedConfiguration {
  /** ms; -1 = for ever. */
  readonly keepAlive?: number;
  /** Tokens. */
  readonly contextSize?: number;
  /** What the model was trained for; undefined = unknown. */
  readonly modelContext: number | undefined;
  /** What sessions have that nobody configured; undefined = as much as is right. */
  readonly usualContext: number | undefined;
  /** What its sessions have; undefined = unknown. */
  readonly sessionContext: number | undefined;
}

/** What of a configuration is a choice of its caller. */
type Settings = Omit<
  SessionConfiguration,
  'version' | 'modelId' | 'mode' | 'reference' | 'engine' | 'revision'
> &
  Partial<Pick<SessionConfiguration, 'reference' | 'engine'>>;

/**
 * The configuration that has what is asked for beside what stands; undefined when that has it already. Context only
 * grows, in steps of powers of two and up to what the model can, so that callers who ask for different sizes have the
 * sessions of everybody started anew a few times and not with each call.
 */
export function nextConfiguration(
  standing: SessionConfiguration | undefined,
  asked: AskedConfiguration,
): Settings | undefined {
  const keepAlive = asked.keepAlive === standing?.keepAlive ? undefined : asked.keepAlive;
  const contextSize = moreContext(standing?.contextSize, asked);
  if (keepAlive === undefined && contextSize === undefined) return undefined;
  const { revision: _revision, ...settings }: Partial<SessionConfiguration> = { ...standing };
  return {
    ...settings,
    ...(keepAlive !== undefined && { keepAlive }),
    ...(contextSize !== undefined && { contextSize }),
  };
}

function moreContext(configured: number | undefined, asked: AskedConfiguration): number | undefined {
  const { contextSize = 0, modelContext = Infinity, usualContext = Infinity, sessionContext } = asked;
  if (configured === -1) return undefined;
  const has = Math.max(configured ?? usualContext, sessionContext ?? 0);
  const wanted = Math.min(2 ** Math.ceil(Math.log2(Math.max(contextSize, 1))), modelContext);
  return contextSize > has && wanted > has ? wanted : undefined;
}
