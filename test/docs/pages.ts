import { ERRORS } from '#contracts';
import { FOREIGN_VARIABLES, VARIABLES, variableDefaults } from '#config';
import { GatewayMetrics, WorkerMetrics } from '#observability';
import { ClientConfig } from '../../apps/cli/src/client-config.js';
import { UpConfig } from '../../apps/cli/src/up/up-config.js';
import { GatewayConfig } from '../../apps/gateway/src/gateway.config.js';
import { WorkerConfig } from '../../apps/worker/src/worker.config.js';
import { cliPageParts } from './cli-page.js';

/** The reference pages that are made from the code. `npm run docs` writes them; a test compares them. */
export const PAGES: Readonly<Record<string, () => Promise<string>>> = {
  'docs/errors.md': async () => errorsPage(),
  'docs/configuration.md': async () => configurationPage(),
  'docs/metrics.md': metricsPage,
  'docs/cli.md': async () => page('Command line', await cliPageParts()),
};

const MADE_FROM_CODE = '<!-- Made from the code by `npm run docs`; change the code, not this page. -->';

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { status, retryable, type, meaning, advice }]) => [
    `\`${code}\``,
    String(status),
    `\`${type}\``,
    retryable ? 'yes' : 'no',
    meaning,
    advice,
  ]);
  return page('Errors', [
    'Every failure a caller can see has a code. The OpenAI routes answer `{"error": {"message", "type", "param", "code"}}`; the management routes answer the message as plain text. A stream that breaks off after its first byte ends with one `data: {"error": …}` event and a cut connection, so that no client takes a part for the whole.',
    table(['code', 'status', 'type', 'worth trying again', 'what it means', 'what to do'], rows),
  ]);
}

function configurationPage(): string {
  const defaults = [
    ['gateway', variableDefaults(GatewayConfig)],
    ['worker', variableDefaults(WorkerConfig)],
    ['npm start', variableDefaults(UpConfig)],
    ['longshore', variableDefaults(ClientConfig)],
  ] as const;
  const rows = (variables: Readonly<Record<string, string>>): string[][] =>
    Object.entries(variables).map(([name, meaning]) => {
      const readers = defaults.filter(([, values]) => name in values);
      return [
        `\`${name}\``,
        meaning,
        readers.map(([reader, values]) => `${reader}: ${show(name, values[name])}`).join('<br>'),
      ];
    });
  return page('Configuration', [
    'All configuration comes from the environment and is checked at start: every problem is listed at once, by name and never by value, and an unknown `LONGSHORE_` variable is refused with the nearest known name. Any variable can be read from a file instead: `NAME_FILE=/path`. Durations are written `500ms`, `30s`, `5m`, `1h`; sizes `64KiB`, `10MiB`, `2GiB`.',
    table(['variable', 'meaning', 'read by, with default'], rows(VARIABLES)),
    '## Variables of other programs',
    table(['variable', 'meaning', 'read by, with default'], rows(FOREIGN_VARIABLES)),
  ]);
}

async function metricsPage(): Promise<string> {
  const rowsOf = async ({ registry }: GatewayMetrics | WorkerMetrics): Promise<string[][]> =>
    (await registry.getMetricsAsJSON()).map(({ name, type, help }) => [`\`${name}\``, String(type), help]);
  return page('Metrics', [
    '`GET /metrics` of a gateway, in the Prometheus text format. Names are those of the OpenTelemetry conventions for generative AI where these have one. Beside them stand the process metrics of prom-client (`process_*`, `nodejs_*`).',
    table(['metric', 'type', 'meaning'], await rowsOf(new GatewayMetrics())),
    '## Of each worker',
    'Every gateway shows those of every live worker, with the labels `worker` and `variant`, beside those of its engines.',
    table(['metric', 'type', 'meaning'], await rowsOf(new WorkerMetrics())),
  ]);
}

function page(title: string, parts: readonly string[]): string {
  return `${[`# ${title}`, MADE_FROM_CODE, ...parts].join('\n\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A default as people would write it into the environment. */
function show(name: string, value: unknown): string {
  if (value === undefined || value === '') return 'not set';
  if (typeof value === 'number' && /TIMEOUT|KEEP_ALIVE/.test(name)) return `\`${duration(value)}\``;
  if (typeof value === 'number' && name.endsWith('_MODE')) return `\`${value.toString(8)}\``;
  if (typeof value === 'number' && /BODY_LIMIT/.test(name)) return `\`${value / 1024 ** 2}MiB\``;
  return `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}

function duration(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1_000}s`;
}
