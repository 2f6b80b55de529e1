import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { type Accelerator, type AcceleratorAnnouncement, ACCELERATORS } from '#contracts';
import { ACCELERATOR_TOOLS, type AcceleratorTool } from './accelerator-tools.js';
import { type MemoryFigures, readMemory } from './container-memory.js';

export interface MachineOptions {
  /** Our own environment; its `PATH` is searched for the tools. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly tools?: Readonly<Record<Accelerator, AcceleratorTool>>;
}

/** A tool that takes longer is ended: the driver behind it hangs; ms. */
const TOOL_LIMIT_MS = 5_000;

/** Figures older than this are read again when they are asked for; ms. */
const FRESH_MS = 3_000;

/** What the machine computes with, and how much memory it has for it. */
export class Machine {
  private memoryFigures: MemoryFigures = { total: 0, free: 0 };
  private devices: readonly AcceleratorAnnouncement[] = [];
  private kinds: readonly Accelerator[] = ACCELERATORS;
  private readAt = -Infinity;
  private reading: Promise<void> | undefined;

  private constructor(private readonly options: MachineOptions) {}

  /** Looks for accelerators of every kind. Never rejects; takes some seconds where a driver hangs. */
  static async inspect(options: MachineOptions): Promise<Machine> {
    const machine = new Machine(options);
    await machine.refresh();
    machine.kinds = [...new Set(machine.devices.map(({ kind }) => kind))];
    return machine;
  }

  /** As of a moment ago. Asking is free: what is old is read again in the background. */
  get accelerators(): readonly AcceleratorAnnouncement[] {
    this.readAgainWhenOld();
    return this.devices;
  }

  /** The machine's own memory, as of a moment ago. */
  get memory(): MemoryFigures {
    this.readAgainWhenOld();
    return this.memoryFigures;
  }

  /** Reads all figures now. Never rejects. */
  refresh(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private readAgainWhenOld(): void {
    if (performance.now() - this.readAt > FRESH_MS) void this.refresh();
  }

  private async read(): Promise<void> {
    const { environment, tools = ACCELERATOR_TOOLS } = this.options;
    const [memory, ...devices] = await Promise.all([
      readMemory(),
      ...this.kinds.map((kind) => readDevices(kind, tools[kind], environment)),
    ]);
    this.memoryFigures = memory;
    this.devices = devices.flat();
    this.readAt = performance.now();
  }
}

/** A device whose tool is missing, or says nothing, is there all the same, with nothing known of it. */
async function readDevices(
  kind: Accelerator,
  tool: AcceleratorTool,
  environment: MachineOptions['environment'],
): Promise<readonly AcceleratorAnnouncement[]> {
  const devices = tool.parse(await outputOf(tool, environment));
  if (devices.length > 0) return devices;
  const present = await access(tool.node).then(
    () => true,
    () => false,
  );
  return present ? [{ kind, name: '', memoryTotal: 0, memoryFree: 0 }] : [];
}

/** Empty when the tool is missing, fails or hangs. */
function outputOf(tool: AcceleratorTool, environment: MachineOptions['environment']): Promise<string> {
  return new Promise((resolve) => {
    const options = {
      timeout: TOOL_LIMIT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 1024 * 1024,
      env: { ...environment, LC_ALL: 'C' },
    } as const;
    execFile(tool.program, tool.arguments, options, (error, stdout) => resolve(error ? '' : stdout));
  });
}
