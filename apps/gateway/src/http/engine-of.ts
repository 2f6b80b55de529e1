import { ENGINES, LongshoreError, type EngineName } from '#contracts';

/** The engine a path asks for; undefined when it leaves the choice to the cluster. @throws LongshoreError */
export function engineOf(segment: string | undefined): EngineName | undefined {
  if (segment === undefined) return undefined;
  const engine = ENGINES.find((name) => name === segment);
  if (engine === undefined) {
    throw new LongshoreError('unknown_engine', `backend not found: the engines are ${ENGINES.join(', ')}.`);
  }
  return engine;
}
