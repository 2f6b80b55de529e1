import { describe, expect, it } from 'vitest';
import { type KubernetesObject, type NetworkPeer, template, values } from './chart.js';
import { findTool } from './tools.js';

const named = (objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`There is no ${kind} ${name}.`);
  return found;
};

/** Whether a peer of a policy without a namespace means a pod. */
const means = ({ podSelector, namespaceSelector }: NetworkPeer, labels: Readonly<Record<string, string>>) =>
  namespaceSelector === undefined &&
  Object.entries(podSelector?.matchLabels ?? {}).every(([name, value]) => labels[name] === value);

/** Whether the policies of the chart let pods of a Deployment reach a port of those of another, at both ends. */
function isLetThrough(
  objects: readonly KubernetesObject[],
  { from, to, port }: { readonly from: string; readonly to: string; readonly port: number },
): boolean {
  const labelsOf = (name: string) =>
    objects.find((object) => object.metadata.name === name && object.spec?.template !== undefined)?.spec
      .template?.metadata.labels ?? {};
  const policyOf = (name: string) =>
    named(objects, 'NetworkPolicy', name.replace(/-worker-\w+$/, '-workers')).spec;
  const isPort = ({ ports }: { readonly ports?: readonly { readonly port: number }[] }): boolean =>
    ports?.some((one) => one.port === port) ?? false;
  const leaves = policyOf(from).egress?.some(
    (rule) => isPort(rule) && (rule.to?.some((peer) => means(peer, labelsOf(to))) ?? true),
  );
  const enters = policyOf(to).ingress?.some(
    (rule) => isPort(rule) && (rule.from?.some((peer) => means(peer, labelsOf(from))) ?? true),
  );
  return leaves === true && enters === true;
}

const GATEWAY = 'longshore-gateway';
const WORKER = 'longshore-worker-cpu';
const REDIS = 'longshore-redis';

describe.skipIf(findTool('helm') === undefined)('the network policies of the chart', () => {
  it.each([
    { from: GATEWAY, to: REDIS, port: 6379, open: true },
    { from: WORKER, to: REDIS, port: 6379, open: true },
    { from: GATEWAY, to: WORKER, port: 12_435, open: true },
    { from: WORKER, to: WORKER, port: 12_435, open: true },
    { from: WORKER, to: GATEWAY, port: 12_434, open: false },
    { from: REDIS, to: WORKER, port: 12_435, open: false },
    { from: GATEWAY, to: WORKER, port: 22, open: false },
  ])('$from to $to at $port: $open', async ({ open, ...way }) => {
    expect(isLetThrough(await template([]), way)).toBe(open);
  });

  it('let gateways and workers ask for names, and workers reach registries', async () => {
    const objects = await template([]);
    const open = (name: string): number[] =>
      (named(objects, 'NetworkPolicy', name).spec.egress ?? [])
        .filter(({ to }) => to === undefined)
        .flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    expect(open('longshore-gateway')).toEqual([53, 53]);
    expect(open('longshore-workers')).toEqual([53, 53, 443, 80]);
  });

  it('let processes reach Redis and the sentinels that name it, and Prometheus and the test reach a closed gateway', async () => {
    const objects = await template(values('external-redis-values.yaml'));
    const gateway = named(objects, 'NetworkPolicy', 'longshore-gateway').spec;
    const reached = gateway.egress?.flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    expect(reached).toEqual(expect.arrayContaining([26_379, 6379]));
    const peers = gateway.ingress?.flatMap(({ from = [] }) => from) ?? [];
    const spaces = peers.map(({ namespaceSelector }) => Object.values(namespaceSelector?.matchLabels ?? {}));
    expect(spaces.flat()).toEqual(['apps', 'monitoring']);
    const test = named(objects, 'Pod', 'longshore-test').metadata.labels ?? {};
    expect(peers.some((peer) => means(peer, test))).toBe(true);
  });
});
