import type { AcceleratorAnnouncement } from '#contracts';

type Devices = readonly AcceleratorAnnouncement[];

const MIB = 1024 * 1024;

/**
 * Reads `nvidia-smi --query-gpu=name,memory.total,memory.free --format=csv,noheader,nounits`: a line a device, MiB.
 * Devices that share the machine's memory say `[N/A]`: unknown.
 */
export function parseNvidiaSmi(output: string): Devices {
  return linesOf(output).flatMap((line) => {
    const match = /^(.+),\s*([^,]+),\s*([^,]+)$/.exec(line);
    if (match === null) return [];
    const [, name = '', total = '', free = ''] = match;
    return [device('nvidia', name, bytes(total, MIB), bytes(free, MIB))];
  });
}

/** Reads `rocm-smi --showproductname --showmeminfo vram --json`: an object with a member a card, bytes. */
export function parseRocmSmi(output: string): Devices {
  const cards = parseObject(output);
  return Object.entries(cards)
    .filter(([name]) => name.startsWith('card'))
    .map(([, card]) => {
      const facts = typeof card === 'object' && card !== null ? (card as Record<string, unknown>) : {};
      const total = bytes(facts['VRAM Total Memory (B)'], 1);
      const used = bytes(facts['VRAM Total Used Memory (B)'], 1);
      const name = facts['Card Series'] ?? facts['Card series'] ?? facts['Card Model'] ?? '';
      return device('amd', typeof name === 'string' ? name : '', total, total - used);
    });
}

/** Reads the table of `mthreads-gmi`: a row with the name of a device, then one with `used / total` in MiB. */
export function parseMthreadsGmi(output: string): Devices {
  const devices: AcceleratorAnnouncement[] = [];
  let name: string | undefined;
  for (const line of linesOf(output)) {
    const named = /^\|?\s*\d+\s+(MTT \S+(?: \S+)*?)\s*\|/.exec(line);
    if (named !== null) name = named[1];
    const memory = /(\d+)\s*MiB\s*[(/]\s*(\d+)\s*MiB/.exec(line);
    if (name === undefined || memory === null) continue;
    const [used, total] = [bytes(memory[1], MIB), bytes(memory[2], MIB)];
    devices.push(device('mthreads', name, total, total - used));
    name = undefined;
  }
  return devices;
}

/**
 * Reads the table of `npu-smi info`: a row with the name of a card, then one a chip, whose last `used / total` is its
 * memory in MB. Chips without memory of their own show the machine's in the only pair they have.
 */
export function parseNpuSmi(output: string): Devices {
  const devices: AcceleratorAnnouncement[] = [];
  let name = '';
  for (const line of linesOf(output)) {
    const named = /^\|\s*\d+\s+([A-Za-z]*\d\w*)\s*\|\s*(?:OK|Warning|Alarm|Critical|UNKNOWN)\s*\|/.exec(line);
    if (named !== null) {
      name = named[1] ?? '';
      continue;
    }
    const chip = /^\|\s*\d+(?:\s+\d+)?\s*\|\s*(?:[0-9A-Fa-f]{4}:[0-9A-Fa-f:.]+|NA)\s*\|(.*)\|$/.exec(line);
    const pair = [...(chip?.[1] ?? '').matchAll(/(\d+)\s*\/\s*(\d+)/g)].at(-1);
    if (pair === undefined) continue;
    const [used, total] = [bytes(pair[1], MIB), bytes(pair[2], MIB)];
    devices.push(device('ascend', name === '' ? '' : `Ascend ${name}`, total, total - used));
  }
  return devices;
}

function device(
  kind: AcceleratorAnnouncement['kind'],
  name: string,
  memoryTotal: number,
  memoryFree: number,
): AcceleratorAnnouncement {
  return { kind, name: name.trim(), memoryTotal, memoryFree: Math.max(0, memoryFree) };
}

/** 0 for what is no number. */
function bytes(value: unknown, unit: number): number {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  return Number.isFinite(number) && number > 0 ? Math.round(number * unit) : 0;
}

function linesOf(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Tools print warnings before their JSON. */
function parseObject(output: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(output.slice(Math.max(0, output.indexOf('{'))));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
