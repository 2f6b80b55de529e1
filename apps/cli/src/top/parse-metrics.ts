/** One value of a metric. */
export interface Sample {
  readonly name: string;
  /** In the order of their names. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const INFINITIES: ReadonlyMap<string, number> = new Map([
  ['+Inf', Infinity],
  ['Inf', Infinity],
  ['-Inf', -Infinity],
]);

/**
 * Metrics in the text format of Prometheus. Lines that are none are left out.
 * @param wanted what lines that matter begin with; engines have many metrics of their own
 */
export function parseMetrics(text: string, wanted = /^/): Sample[] {
  return text.split('\n').flatMap((line) => {
    if (!wanted.test(line)) return [];
    const [, name, labels = '', number = ''] = SAMPLE.exec(line) ?? [];
    const value = INFINITIES.get(number) ?? Number(number);
    if (name === undefined || number === '' || Number.isNaN(value)) return [];
    return [{ name, labels: readLabels(labels), value }];
  });
}

function readLabels(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(LABEL)].map(
    ([, name = '', value = '']) => [name, unescape(value)] as const,
  );
  return Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function unescape(value: string): string {
  return value.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
