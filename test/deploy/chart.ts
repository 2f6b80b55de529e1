import { expect } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { run } from './tools.js';

export const CHART = 'deploy/helm/longshore';

export interface Container {
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly livenessProbe?: { readonly httpGet?: { readonly path: string } };
  readonly readinessProbe?: { readonly httpGet?: { readonly path: string } };
  readonly securityContext?: object;
  readonly resources?: { readonly limits?: Readonly<Record<string, unknown>> };
  readonly volumeMounts?: readonly { readonly mountPath: string; readonly readOnly?: boolean }[];
}

/** What the tests look at, of objects of any kind. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly minReplicaCount?: number;
    readonly triggers?: readonly {
      readonly metadata: Readonly<Record<string, string>>;
      readonly authenticationRef?: { readonly name: string };
    }[];
    readonly ingress?: readonly NetworkRule[];
    readonly egress?: readonly NetworkRule[];
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: { readonly supplementalGroups?: readonly number[] };
        readonly containers: readonly Container[];
      };
    };
  };
}

export interface NetworkRule {
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
  readonly from?: readonly NetworkPeer[];
  readonly to?: readonly NetworkPeer[];
}

export interface NetworkPeer {
  readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly namespaceSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
}

/** The objects that the chart makes. */
export async function template(args: readonly string[]): Promise<KubernetesObject[]> {
  const { code, stdout, output } = await run('helm', ['template', 'longshore', CHART, ...args]);
  expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

/** Arguments for one of the chart's examples. */
export function values(file: string): string[] {
  return ['--values', `${CHART}/ci/${file}`];
}
