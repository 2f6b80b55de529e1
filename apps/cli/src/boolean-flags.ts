import type { Command } from 'commander';

/**
 * Lets flags be written with their value, as `--json=true` or `--think=false`, which clients of the Model Runner do. What
 * comes after `--` is left as it is.
 */
export function spellOutFlags(args: readonly string[], command: Command): string[] {
  const flags = new Set(
    command.options.filter(({ required, optional }) => !required && !optional).map(({ long }) => long ?? ''),
  );
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.flatMap((word, index) => {
    const [, flag = '', value = ''] = /^(--[^=]+)=(true|false)$/.exec(word) ?? [];
    if (index >= end || !flags.has(flag)) return [word];
    if (value === 'true') return [flag];
    const negation = flag.replace(/^--/, '--no-');
    return flags.has(negation) ? [negation] : [];
  });
}
