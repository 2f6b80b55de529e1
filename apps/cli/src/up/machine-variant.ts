import type { Variant } from '#contracts';

/** How a machine shows that it can run a variant, and the program that variant's engine needs. */
interface VariantEvidence {
  readonly variant: Variant;
  /** Any of these device files is enough. */
  readonly devices: readonly string[];
  /** Or any of these programs. */
  readonly programs: readonly string[];
}

/** In the order of preference. A machine that shows none of these runs the fallback. */
export const EVIDENCE: readonly VariantEvidence[] = [
  { variant: 'cuda', devices: ['/dev/nvidiactl'], programs: ['nvidia-smi'] },
  { variant: 'rocm', devices: ['/dev/kfd'], programs: [] },
  { variant: 'musa', devices: ['/dev/mtgpu.0'], programs: ['mthreads-gmi'] },
  { variant: 'cann', devices: ['/dev/davinci_manager'], programs: [] },
];

export const FALLBACK_VARIANT: Variant = 'cpu';

/** What was found on the machine. */
export interface MachineFacts {
  readonly devices: ReadonlySet<string>;
  readonly programs: ReadonlySet<string>;
}

export interface DetectedVariant {
  readonly variant: Variant;
  /** What gave it away, for people. */
  readonly because: string;
}

export function detectVariant(facts: MachineFacts): DetectedVariant {
  for (const { variant, devices, programs } of EVIDENCE) {
    const sign =
      devices.find((device) => facts.devices.has(device)) ??
      programs.find((program) => facts.programs.has(program));
    if (sign) return { variant, because: `${sign} is there` };
  }
  return { variant: FALLBACK_VARIANT, because: 'no accelerator was found' };
}
