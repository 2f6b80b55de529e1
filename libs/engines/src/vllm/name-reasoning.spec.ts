import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { nameReasoning } from './name-reasoning.js';

const EVENTS =
  'data: {"delta":{"role":"assistant","reasoning":null}}\n\ndata: {"delta":{"reasoning":"é \\"reasoning\\": x"}}\n\n';
const NAMED =
  'data: {"delta":{"role":"assistant","reasoning_content":null}}\n\ndata: {"delta":{"reasoning_content":"é \\"reasoning\\": x"}}\n\n';

async function textOf(source: Readable): Promise<string> {
  const pieces = (await nameReasoning(source).toArray()) as Buffer[];
  return Buffer.concat(pieces).toString();
}

it('renames the member, however the bytes are cut, and leaves texts alone', async () => {
  const bytes = Buffer.from(EVENTS);
  for (const size of [1, 2, 5, 13, bytes.length]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    expect(await textOf(Readable.from(pieces))).toBe(NAMED);
  }
});

it('passes what looks like the beginning of the name at the very end', async () => {
  expect(await textOf(Readable.from([Buffer.from('{"reaso')]))).toBe('{"reaso');
});

it('ends with the error of the connection, and ends the connection when it is not read on', async () => {
  const broken = new Readable({ read: () => undefined });
  const failed = textOf(broken);
  broken.destroy(new Error('cut'));
  await expect(failed).rejects.toThrow('cut');
  const open = new Readable({ read: () => undefined });
  nameReasoning(open).destroy();
  await new Promise((resolve) => open.once('close', resolve));
  expect(open.destroyed).toBe(true);
});
