import { ownedDigest } from '#cluster';
import { LongshoreError, parseRequestId } from '#contracts';
import type { FastifyRequest } from 'fastify';
import { memberOf, parseBody } from './named-models.js';

/** Reads the digests by which the owners of the responses that a request names are kept. */
export type ReadOwned = (request: FastifyRequest) => readonly string[];

/** Each is looked up. */
const MOST_REFERENCES = 200;

/** Items of a response have its digest in their ids. */
const ITEM_ID = /^[a-z]+_([0-9a-f]{24})/;
const RESPONSE_ID = /^resp_([0-9a-f]{24})$/;

/** `/v1/streams/<id>`. An idempotency key belongs to who sends it, as it does when the request is made. */
export const ownedStream: ReadOwned = ({ params }) => {
  const { id = '' } = params as Readonly<Record<string, string | undefined>>;
  return parseRequestId(id) === undefined ? [] : [ownedDigest(id)];
};

/** `/responses/<id>`. What is no such id is no response. */
export const ownedResponse: ReadOwned = ({ params }) => {
  const { id } = params as Readonly<Record<string, string | undefined>>;
  return digestsOf(id);
};

/** The responses that a new one goes on from, or whose items it refers to. */
export const ownedPrevious: ReadOwned = ({ body }) => {
  const data = parseBody(body);
  const input = memberOf(data, 'input');
  const items: readonly unknown[] = Array.isArray(input) ? input : [];
  const references = new Set(items.flatMap((item) => referenceIn(item)));
  if (references.size > MOST_REFERENCES)
    throw new LongshoreError('invalid_request', 'There are too many item references.', 'input');
  return [...digestsOf(memberOf(data, 'previous_response_id')), ...references];
};

function referenceIn(item: unknown): readonly string[] {
  if (memberOf(item, 'type') !== 'item_reference') return [];
  const id = memberOf(item, 'id');
  const digest = typeof id === 'string' ? ITEM_ID.exec(id)?.[1] : undefined;
  return digest === undefined ? [] : [digest];
}

function digestsOf(id: unknown): readonly string[] {
  const digest = typeof id === 'string' ? RESPONSE_ID.exec(id)?.[1] : undefined;
  return digest === undefined ? [] : [digest];
}
