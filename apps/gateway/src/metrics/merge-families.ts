export type Labels = Readonly<Record<string, string>>;

/** Metrics of one source, in the text format of Prometheus, and the labels that tell where they are from. */
export interface LabelledMetrics {
  readonly text: string;
  readonly labels: Labels;
}

interface Family {
  help: string | undefined;
  type: string | undefined;
  readonly samples: string[];
}

const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+(?:\s+-?\d+)?)\s*$/;
const DESCRIPTION = /^# (HELP|TYPE) ([A-Za-z_:][\w:]*) ?(.*)$/;
const PARTS = /_(?:bucket|sum|count|total|created)$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Of every program that hosts an engine; beside those of others they say nothing of the engine. */
const OF_PROCESSES = /^(?:process|python|nodejs)_/;

/**
 * Puts metrics of many sources into one text: each family once, with its description once, and the labels of its source
 * on every sample. A label that is there already is kept as `exported_…`. What is no metric is left out.
 */
export function mergeFamilies(sources: readonly LabelledMetrics[]): string {
  const families = new Map<string, Family>();
  for (const source of sources) addSource(families, source);
  return [...families]
    .filter(([name, { samples }]) => samples.length > 0 && !OF_PROCESSES.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, family]) => encodeFamily(name, family))
    .join('');
}

function addSource(families: Map<string, Family>, { text, labels }: LabelledMetrics): void {
  const ours = Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeValue(value)}"`)
    .join(',');
  for (const line of text.split(/\r?\n/)) {
    const [, kind, described, words = ''] = DESCRIPTION.exec(line) ?? [];
    if (described !== undefined) {
      const family = familyOf(families, described);
      if (kind === 'HELP') family.help ??= words;
      else family.type ??= words;
      continue;
    }
    const [, name, theirs = '', value] = SAMPLE.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const family = familyOf(families, families.has(name) ? name : whole(families, name));
    family.samples.push(`${name}{${[ours, renamed(theirs, labels)].filter(Boolean).join(',')}} ${value}`);
  }
}

/** The family that a sample such as `…_bucket` is a part of. */
function whole(families: ReadonlyMap<string, Family>, name: string): string {
  const base = name.replace(PARTS, '');
  return families.has(base) ? base : name;
}

function familyOf(families: Map<string, Family>, name: string): Family {
  const family = families.get(name) ?? { help: undefined, type: undefined, samples: [] };
  families.set(name, family);
  return family;
}

function renamed(theirs: string, labels: Labels): string {
  return [...theirs.matchAll(LABEL)]
    .map(([, name = '', value]) => `${Object.hasOwn(labels, name) ? 'exported_' : ''}${name}="${value}"`)
    .join(',');
}

function encodeFamily(name: string, { help, type, samples }: Family): string {
  const head = [
    ...(help === undefined ? [] : [`# HELP ${name} ${help}`]),
    ...(type === undefined ? [] : [`# TYPE ${name} ${type}`]),
  ];
  return [...head, ...samples].map((line) => `${line}\n`).join('');
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
