import { type EngineAnnouncement, ENGINES, type ModelFormat } from '#contracts';
import type { Engine, EngineProbe } from '#engines';

/** An engine that runs here, and what it can do. */
export interface HostedEngine {
  readonly engine: Engine;
  readonly probe: EngineProbe;
}

const A_HANDFUL = 4;

/** Requests a session runs at once. @param configured 0 = whatever suits the engine */
export function slotsOf(hosted: Pick<HostedEngine, 'probe'> | undefined, configured: number): number {
  return configured > 0 ? configured : (hosted?.probe.usualSlots ?? A_HANDFUL);
}

/**
 * The engines of one worker. Models of one format all run in the same engine: the first of the vocabulary's order that
 * takes the format, so that others can tell from the announcement which one it is.
 */
export class HostedEngines {
  private hosted: readonly HostedEngine[] = [];

  constructor(engines: readonly HostedEngine[]) {
    for (const engine of engines) this.add(engine);
  }

  /** For an engine that could not be asked before. */
  add(engine: HostedEngine): void {
    this.hosted = [...this.hosted, engine].toSorted((a, b) => rankOf(a) - rankOf(b));
  }

  /** Undefined when none takes the format. */
  forFormat(format: ModelFormat): HostedEngine | undefined {
    return this.hosted.find(({ probe }) => probe.formats.includes(format));
  }

  announce(): EngineAnnouncement[] {
    return this.hosted.map(({ engine: { name, driver }, probe: { version, formats, modes } }) => {
      return { name, driver, version, formats, modes };
    });
  }
}

function rankOf({ engine }: HostedEngine): number {
  return ENGINES.indexOf(engine.name);
}
