import type { Accelerator, AcceleratorAnnouncement } from '#contracts';
import type { MemoryFigures } from '../machine/container-memory.js';
import type { MemoryLedger } from './memory-ledger.js';
import { freeMemory, memoryOf } from './room.js';

export interface WorkerMemoryParts {
  readonly machine: {
    readonly accelerators: readonly AcceleratorAnnouncement[];
    readonly memory: MemoryFigures;
    refresh(): Promise<void>;
  };
  readonly ledger: MemoryLedger;
  /** What the models of this kind of worker go into; undefined = the machine's own memory. */
  readonly accelerator: Accelerator | undefined;
  /** Bytes the operator allows; 0 = all. */
  readonly budget: number;
}

/** The memory one worker has for models. Bytes. */
export class WorkerMemory {
  constructor(private readonly parts: WorkerMemoryParts) {}

  /** As of now. Infinite where nothing is known. */
  async measure(): Promise<MemoryFigures> {
    await this.parts.machine.refresh();
    return this.figures();
  }

  /** For the announcement: of the machine's own memory, or of what the operator allows. */
  announce(): { memoryTotal: number; memoryFree: number } {
    const { machine, budget } = this.parts;
    const { total, free } = budget > 0 ? this.figures() : machine.memory;
    return { memoryTotal: total, memoryFree: Math.max(0, Math.floor(free)) };
  }

  private figures(): MemoryFigures {
    const { machine, accelerator, budget, ledger } = this.parts;
    const devices = accelerator && machine.accelerators.filter(({ kind }) => kind === accelerator);
    const measured = memoryOf(devices, machine.memory);
    const total = Math.min(measured?.total ?? Infinity, budget > 0 ? budget : Infinity);
    const { held, starting } = ledger;
    return { total, free: freeMemory({ measured, budget, held, starting }) };
  }
}
