import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GatewayMetrics, WorkerMetrics } from '#observability';
import { ROOT } from '../architecture/planted-tree.js';
import { read, readJson, readYaml } from './variants.js';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

/** Of engines and of prom-client, which no class of ours names. */
const FOREIGN_METRICS = [
  'llamacpp:requests_processing',
  'llamacpp:requests_deferred',
  'llamacpp:prompt_tokens_total',
  'llamacpp:tokens_predicted_total',
  'vllm:num_requests_running',
  'vllm:num_requests_waiting',
  'vllm:kv_cache_usage_perc',
  'vllm:prefix_cache_hits_total',
  'vllm:prefix_cache_queries_total',
  'sglang:token_usage',
  'sglang:cache_hit_rate',
  'nodejs_eventloop_lag_p99_seconds',
  'process_resident_memory_bytes',
  'process_cpu_seconds_total',
];

const { groups } = readYaml('deploy/prometheus/rules.yml') as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const folder = 'deploy/grafana/dashboards';
const dashboards = readdirSync(join(ROOT, folder)).map((name) => readJson(`${folder}/${name}`) as Dashboard);

/** Names of metrics in a query: words that are followed by a selector, a range or the end, and are no labels. */
function metricsIn(expression: string): string[] {
  const bare = expression.replace(/\{[^}]*\}/g, '').replace(/\b(?:by|without|on|ignoring) \([^)]*\)/g, '');
  return [...bare.matchAll(/\b[a-z]\w*[_:][\w:]*\b(?!\()/g)]
    .map(([name]) => name)
    .filter((name) => !FUNCTIONS.has(name));
}
const FUNCTIONS = new Set(['histogram_quantile']);

async function knownMetrics(): Promise<ReadonlySet<string>> {
  const ours = [new GatewayMetrics(), new WorkerMetrics()].map(({ registry }) => registry.getMetricsAsJSON());
  const named = (await Promise.all(ours))
    .flat()
    .flatMap(({ name, type }) =>
      String(type) === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => `${name}${part}`) : [name],
    );
  return new Set([...named, ...FOREIGN_METRICS, ...rules.map(({ record }) => record ?? '')]);
}

describe('alerts and dashboards', () => {
  it('ask for metrics that exist', async () => {
    const known = await knownMetrics();
    const asked = [...rules, ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets))];
    const names = asked.flatMap(({ expr }) => metricsIn(expr));
    expect(names.length).toBeGreaterThan(60);
    expect([...new Set(names)].filter((name) => !known.has(name))).toEqual([]);
  });

  it('would be told of a metric that does not exist', () => {
    expect(metricsIn('sum by (variant) (rate(longshore_gone_total{a="b"}[5m])) / vllm:gone')).toEqual([
      'longshore_gone_total',
      'vllm:gone',
    ]);
  });

  it('are explained: each alert says how bad it is, what it means and where to read on', () => {
    const page = read('docs/operations.md');
    expect(alerts.length).toBeGreaterThan(5);
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    for (const { alert = '', labels, annotations } of alerts) {
      expect(['critical', 'warning', 'info']).toContain(labels?.['severity']);
      expect(annotations?.['summary']).toMatch(/./);
      expect(annotations?.['description']).toMatch(/./);
      expect(annotations?.['runbook_url']).toMatch(
        new RegExp(`docs/operations\\.md#${alert.toLowerCase()}$`),
      );
      expect(page).toContain(`\n### ${alert}\n`);
    }
  });

  it('stay apart: each dashboard has a name of its own and every panel asks something', () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    const panels = dashboards.flatMap((dashboard) => dashboard.panels);
    expect(panels.length).toBeGreaterThan(dashboards.length);
    for (const { targets } of panels) expect(targets.length).toBeGreaterThan(0);
  });
});
