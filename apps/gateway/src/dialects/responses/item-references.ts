import { isString, type Item } from './fields.js';

const OUTPUT_ITEM = /^(?:msg|rs|fc)_([0-9a-f]{24})[0-9a-f]{2,}$/;
const INPUT_ITEM = /^in_([0-9a-f]{24})_\d+$/;

/** The id of the item that an item only refers to; undefined for one that speaks for itself. */
export function referenceOf(item: Item): string | undefined {
  if (item['type'] !== 'item_reference') return undefined;
  return isString(item['id']) ? item['id'] : '';
}

/** The response that an item was told in, judging by its id; undefined for what is no id of ours. */
export function responseOfItem(id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  const digits = (OUTPUT_ITEM.exec(id) ?? INPUT_ITEM.exec(id))?.[1];
  return digits && `resp_${digits}`;
}
