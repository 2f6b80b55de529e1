import { describe, expect, it } from 'vitest';
import { readHubFile } from './hub-file.js';

const OID = '0a'.repeat(20);
const SHA = '0b'.repeat(32);
const small = { type: 'file', path: 'config.json', size: 12, oid: OID };
const large = {
  type: 'file',
  path: 'm.gguf',
  size: 12,
  oid: OID,
  lfs: { oid: SHA, size: 5_000, pointerSize: 134 },
};

describe('an entry of a listing', () => {
  it('of a small file has the name that git gives its bytes', () => {
    expect(readHubFile(small)).toEqual({ path: 'config.json', size: 12, gitObject: OID });
  });

  it('of a large file has its SHA-256 and the size of the file, not of what stands for it in git', () => {
    expect(readHubFile({ ...large, xetHash: SHA })).toEqual({
      path: 'm.gguf',
      size: 5_000,
      gitObject: OID,
      digest: `sha256:${SHA}`,
    });
  });

  it.each([
    ['a folder', { type: 'directory', path: 'x', size: 0, oid: OID }],
    ['no object', 'm.gguf'],
    ['without a path', { ...small, path: undefined }],
    ['with a size below 0', { ...small, size: -1 }],
    ['with a size that is no whole number', { ...small, size: 1e300 }],
    ['with a name of git that is none', { ...small, oid: 'main' }],
    ['with a digest that is none', { ...large, lfs: { oid: '../../etc/passwd', size: 1 } }],
    ['with a large file of impossible size', { ...large, lfs: { oid: SHA, size: '5' } }],
  ])('that is %s is left out', (_, entry) => {
    expect(readHubFile(entry)).toBeUndefined();
  });
});
