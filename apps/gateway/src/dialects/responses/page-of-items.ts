import { invalid, type Item } from './fields.js';

const MOST_ITEMS = 100;
const USUAL_ITEMS = 20;

/** What a caller asks for of a list, as texts of the query; each may be missing. */
export interface PageQuery {
  readonly order?: unknown;
  readonly after?: unknown;
  readonly limit?: unknown;
}

/** A page of a list, as the API shows it. @throws LongshoreError that names the parameter at fault */
export function pageOfItems(items: readonly Item[], query: PageQuery): Record<string, unknown> {
  const ordered = isAscending(query.order) ? items : items.toReversed();
  const start = query.after === undefined ? 0 : placeAfter(query.after, ordered);
  const data = ordered.slice(start, start + readLimit(query.limit));
  const idOf = (item: Item | undefined): unknown => item?.['id'] ?? null;
  const hasMore = start + data.length < ordered.length;
  return { object: 'list', data, first_id: idOf(data[0]), last_id: idOf(data.at(-1)), has_more: hasMore };
}

function isAscending(order: unknown): boolean {
  if (order === undefined || order === 'desc') return false;
  if (order === 'asc') return true;
  throw invalid('"order" must be "asc" or "desc".', 'order');
}

function placeAfter(id: unknown, items: readonly Item[]): number {
  const place = items.findIndex((item) => item['id'] === id);
  if (place < 0) throw invalid('"after" must be the id of an item of this response.', 'after');
  return place + 1;
}

function readLimit(text: unknown): number {
  const written = typeof text === 'string' && /^\d{1,3}$/.test(text) ? Number(text) : 0;
  const limit = text === undefined ? USUAL_ITEMS : written;
  if (limit >= 1 && limit <= MOST_ITEMS) return limit;
  throw invalid(`"limit" must be a whole number from 1 to ${MOST_ITEMS}.`, 'limit');
}
