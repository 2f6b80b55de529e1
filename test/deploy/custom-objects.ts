/** What is used of objects that Kubernetes does not define itself, strictly: a property that is not here is a mistake. */

const text = { type: 'string', minLength: 1 };
const number = { type: 'integer', minimum: 0 };
const flag = { type: 'boolean' };
const texts = { type: 'object', additionalProperties: { type: 'string' } };
const secret = record({ name: text, key: text }, ['name', 'key']);

function record(properties: object, required: readonly string[] = []): object {
  return { type: 'object', additionalProperties: false, properties, required };
}

function list(items: object): object {
  return { type: 'array', minItems: 1, items };
}

function custom(apiVersion: string, kind: string, spec: object): object {
  const metadata = { type: 'object', required: ['name'] };
  return record({ apiVersion: { const: apiVersion }, kind: { const: kind }, metadata, spec }, [
    'metadata',
    'spec',
  ]);
}

/** Of keda.sh/v1alpha1, by the type of the trigger. */
const TRIGGERS = {
  redis: record({ address: text, listName: text, listLength: text, passwordFromEnv: text }, [
    'address',
    'listName',
    'listLength',
  ]),
  prometheus: record({ serverAddress: text, query: text, threshold: text }, [
    'serverAddress',
    'query',
    'threshold',
  ]),
};

const trigger = {
  oneOf: Object.entries(TRIGGERS).map(([type, metadata]) =>
    record(
      {
        type: { const: type },
        name: text,
        metricType: { enum: ['AverageValue', 'Value'] },
        metadata,
        authenticationRef: record({ name: text }, ['name']),
      },
      ['type', 'name', 'metadata'],
    ),
  ),
};

const scaledObject = record(
  {
    scaleTargetRef: record({ name: text }, ['name']),
    minReplicaCount: number,
    maxReplicaCount: number,
    pollingInterval: number,
    cooldownPeriod: number,
    triggers: list(trigger),
    advanced: record({
      scalingModifiers: record({ formula: text, target: text, activationTarget: text, metricType: text }, [
        'formula',
        'target',
      ]),
      horizontalPodAutoscalerConfig: record({ behavior: { type: 'object' } }),
    }),
  },
  ['scaleTargetRef', 'triggers'],
);

const rule = record({ alert: text, record: text, expr: text, for: text, labels: texts, annotations: texts }, [
  'expr',
]);

export const CUSTOM_OBJECTS: Readonly<Record<string, object>> = {
  ScaledObject: custom('keda.sh/v1alpha1', 'ScaledObject', scaledObject),
  ServiceMonitor: custom(
    'monitoring.coreos.com/v1',
    'ServiceMonitor',
    record(
      {
        jobLabel: text,
        selector: record({ matchLabels: texts }),
        endpoints: list(
          record({
            port: text,
            path: text,
            interval: text,
            honorLabels: flag,
            authorization: record({ credentials: secret }),
          }),
        ),
      },
      ['selector', 'endpoints'],
    ),
  ),
  PrometheusRule: custom(
    'monitoring.coreos.com/v1',
    'PrometheusRule',
    record({ groups: list(record({ name: text, interval: text, rules: list(rule) }, ['name', 'rules'])) }, [
      'groups',
    ]),
  ),
  HTTPRoute: custom(
    'gateway.networking.k8s.io/v1',
    'HTTPRoute',
    record(
      {
        parentRefs: list(record({ name: text, namespace: text }, ['name'])),
        hostnames: list(text),
        rules: list(
          record({
            backendRefs: list(record({ name: text, port: number }, ['name', 'port'])),
            timeouts: record({ request: text, backendRequest: text }),
          }),
        ),
      },
      ['parentRefs', 'rules'],
    ),
  ),
};
