const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const COUNT_UNITS = ['', 'K', 'M', 'B', 'T'] as const;

/** Bytes for people: `256.35 MiB`. */
export function printBytes(bytes: number): string {
  return print(bytes, 1024, BINARY_UNITS);
}

/** A count of parameters for people: `361.82 M`. */
export function printCount(count: number): string {
  return print(count, 1000, COUNT_UNITS);
}

function print(value: number, base: number, units: readonly string[]): string {
  let scaled = value;
  let step = 0;
  while (step < units.length - 1 && Number(scaled.toFixed(2)) >= base) {
    scaled /= base;
    step += 1;
  }
  return `${step === 0 ? scaled : scaled.toFixed(2)} ${units[step]}`.trimEnd();
}
