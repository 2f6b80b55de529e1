import { type EngineName, ENGINES, type WorkerAnnouncement, VARIANT_TRAITS, VARIANTS } from '#contracts';
import { RouteFailure } from '../http/failure.js';
import { engineOf } from '../http/engine-of.js';
import { decodeObject, invalidRequest, readString } from './decode-body.js';

/** Body of `POST /engines/install-backend` and its opposite. @throws RouteFailure 400, LongshoreError `unknown_engine` */
export function decodeBackend(body: unknown): EngineName {
  const text = readString(decodeObject(body), 'backend');
  const engine = engineOf(text);
  if (engine === undefined) throw invalidRequest('backend is required');
  return engine;
}

/**
 * Engines come with workers: one that a living worker has is installed, and nothing else can be.
 * @throws RouteFailure 404 that says which workers would bring it
 */
export function requireInstalled(engine: EngineName, workers: readonly WorkerAnnouncement[]): void {
  if (workers.some(({ engines }) => engines.some(({ name }) => name === engine))) return;
  const variants = VARIANTS.filter((variant) => VARIANT_TRAITS[variant].engine === engine);
  const advice =
    variants.length > 0
      ? `start a worker of variant ${variants.join(' or ')}`
      : 'start a worker that is told of it';
  const living = ENGINES.filter((name) =>
    workers.some(({ engines }) => engines.some((offer) => offer.name === name)),
  );
  const there = living.length > 0 ? living.join(', ') : 'none';
  throw new RouteFailure(
    404,
    `backend not found: no worker that is alive has ${engine}; ${advice}. Engines there are: ${there}.`,
  );
}
