import { createHash } from 'node:crypto';
import { NO_REVISION, type SessionConfiguration } from '#contracts';

const LENGTH = 16;

/** Differs when a session has to be started anew: everything counts but how long it stays, and by what name it was asked for. */
export function revisionOf(configuration: Omit<SessionConfiguration, 'revision'>): string {
  const { keepAlive: _keepAlive, reference: _reference, version: _version, ...counted } = configuration;
  const { modelId: _modelId, mode: _mode, engine: _engine, ...settings } = counted;
  if (Object.values(settings).every((value) => value === undefined)) return NO_REVISION;
  return createHash('sha256')
    .update(JSON.stringify(sorted(counted)))
    .digest('hex')
    .slice(0, LENGTH);
}

/** The same text for objects whose members stand in another order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
