import type { Accelerator, AcceleratorAnnouncement } from '#contracts';
import { parseMthreadsGmi, parseNpuSmi, parseNvidiaSmi, parseRocmSmi } from './parse-tools.js';

/** How to find out which accelerators of one maker a machine has. */
export interface AcceleratorTool {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly parse: (output: string) => readonly AcceleratorAnnouncement[];
  /** A file that is there when such a device is, also without its tool. */
  readonly node: string;
}

export const ACCELERATOR_TOOLS: Readonly<Record<Accelerator, AcceleratorTool>> = {
  nvidia: {
    program: 'nvidia-smi',
    arguments: ['--query-gpu=name,memory.total,memory.free', '--format=csv,noheader,nounits'],
    parse: parseNvidiaSmi,
    node: '/dev/nvidiactl',
  },
  amd: {
    program: 'rocm-smi',
    arguments: ['--showproductname', '--showmeminfo', 'vram', '--json'],
    parse: parseRocmSmi,
    node: '/dev/kfd',
  },
  mthreads: { program: 'mthreads-gmi', arguments: [], parse: parseMthreadsGmi, node: '/dev/mtgpu.0' },
  ascend: { program: 'npu-smi', arguments: ['info'], parse: parseNpuSmi, node: '/dev/davinci_manager' },
};
