import { readFileSync } from 'node:fs';
import type { ClassConstructor } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import {
  CatalogueModel,
  checkContract,
  CompletionJob,
  completionQueue,
  ControlMessage,
  LoadJob,
  loadJobId,
  loadQueue,
  Names,
  PullEvent,
  PullJob,
  pullQueue,
  WorkerAnnouncement,
  WorkerDeparture,
} from './index.js';

/**
 * What a release wrote when it served requests, one file a contract; what it seldom says was added by its declarations.
 * Gateways and workers of two neighbouring releases work together, so what the last one wrote can be read.
 */
const RELEASE = '0.1.0';

const CONTRACTS: Readonly<Record<string, ClassConstructor<object>>> = {
  'completion-job': CompletionJob,
  'load-job': LoadJob,
  'pull-job': PullJob,
  'pull-event': PullEvent,
  'control-message': ControlMessage,
  'worker-announcement': WorkerAnnouncement,
  'worker-departure': WorkerDeparture,
  'catalogue-model': CatalogueModel,
};

type Envelope = Readonly<Record<string, unknown>>;

/** Each envelope beside its contract. */
const RECORDED = Object.entries(CONTRACTS).flatMap(([name, contract]) =>
  (recorded(name) as readonly Envelope[]).map((envelope) => ({ name, contract, envelope })),
);

function recorded(name: string): unknown {
  const file = new URL(`__fixtures__/release-${RELEASE}/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** As plain data, to be compared with what was recorded. */
function read(contract: ClassConstructor<object>, envelope: unknown): unknown {
  return JSON.parse(JSON.stringify(checkContract(contract, envelope)));
}

/** The same with a member that no release knows, also within everything it holds. */
function fromTheFuture(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromTheFuture);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, fromTheFuture(member)]);
  return { ...Object.fromEntries(members), ofTheFuture: { any: ['thing'] } };
}

describe(`what release ${RELEASE} wrote`, () => {
  it.each(RECORDED)('is read whole: $name', ({ contract, envelope }) => {
    expect(read(contract, envelope)).toEqual(envelope);
  });

  it('has every kind of control message', () => {
    const kinds = (recorded('control-message') as readonly ControlMessage[]).map(({ kind }) => kind);
    expect(kinds).toEqual(['cancel', 'pause', 'resume', 'replay', 'delete-model']);
  });

  it('stood where it is looked for today', () => {
    const names = new Names();
    const modelId = `sha256:${'ab'.repeat(32)}`;
    const queue = completionQueue({ variant: 'cpu', modelId, mode: 'embedding' });
    expect({
      queueKey: names.queueKey('pull.cpu'),
      replyChannel: names.replyChannel('gw-1'),
      workerChannel: names.workerChannel('worker-1'),
      workersChannel: names.workersChannel(),
      presenceChannel: names.presenceChannel(),
      workerKey: names.workerKey('worker-1'),
      workersKey: names.workersKey(),
      catalogueModelsKey: names.catalogueModelsKey(),
      catalogueTagsKey: names.catalogueTagsKey(),
      catalogueTombstonesKey: names.catalogueTombstonesKey(),
      catalogueChannel: names.catalogueChannel(),
      pullsChannel: names.pullsChannel(),
      demandKey: names.demandKey('cpu'),
      expansionLeaseKey: names.expansionLeaseKey(queue),
      pullQueue: pullQueue('cpu'),
      loadQueue: loadQueue('cpu'),
      completionQueue: queue,
      loadJobId: loadJobId({ modelId, mode: 'embedding' }),
    }).toEqual(recorded('names'));
  });
});

describe('what the next release may write', () => {
  const versioned = RECORDED.filter(({ envelope }) => 'version' in envelope);

  it.each(RECORDED)('is read without the members that are unknown: $name', ({ contract, envelope }) => {
    const read = checkContract(contract, fromTheFuture(envelope)) as Envelope;
    expect(read).not.toHaveProperty('ofTheFuture');
    expect(read).toMatchObject(envelope);
  });

  it.each(versioned)(
    'is refused with a reason when its version is higher: $name',
    ({ contract, envelope }) => {
      expect(() => checkContract(contract, { ...envelope, version: 2 })).toThrow(
        `${contract.name}: version must not be greater than 1`,
      );
    },
  );
});
