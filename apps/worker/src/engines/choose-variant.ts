import { type Accelerator, type EngineName, type Variant, VARIANT_TRAITS, VARIANTS } from '#contracts';

export interface VariantQuestion {
  /** What the machine has beside its processor. */
  readonly accelerators: readonly Accelerator[];
  /** Engines that are installed, without the one that comes with the packages. */
  readonly installed: readonly EngineName[];
}

/** The kind of worker a machine is fit for: the first one that makes use of an accelerator, else the processor's. */
export function chooseVariant({ accelerators, installed }: VariantQuestion): Variant {
  const fit = VARIANTS.filter((variant) => {
    const { engine, embedded, accelerator } = VARIANT_TRAITS[variant];
    if (accelerator === undefined || !accelerators.includes(accelerator)) return false;
    return installed.includes(engine) || (embedded && installed.length === 0);
  });
  return fit[0] ?? 'cpu';
}
