import { describe, expect, it } from 'vitest';
import { draftTypeIn, flagsIn, versionIn } from './probe.js';

describe('flagsIn', () => {
  it('finds every spelling of a flag', () => {
    const help = [
      '-np,   --parallel N                     number of server slots',
      '--ui,  --webui, --no-ui, --no-webui     whether to enable the Web UI (default: enabled)',
      '                                        (see the note on some--dashes)',
    ].join('\n');
    expect([...flagsIn(help)].toSorted()).toEqual([
      '--no-ui',
      '--no-webui',
      '--parallel',
      '--ui',
      '--webui',
      '-np',
    ]);
  });
});

describe('versionIn', () => {
  it('takes the line that the program prints', () => {
    expect(versionIn('version: 0.6.0-dev (build 0, commit unknown)\nbuilt with GNU')).toBe(
      '0.6.0-dev (build 0, commit unknown)',
    );
  });

  it('says unknown when there is none', () => {
    expect(versionIn('')).toBe('unknown');
  });
});

it('knows what to call guessing with a small model, where there are several ways', () => {
  expect(draftTypeIn('--spec-type none,draft-simple,draft-eagle3,ngram-simple')).toBe('draft-simple');
  expect(draftTypeIn('--spec-type [none|ngram-cache|ngram-simple]')).toBeUndefined();
});
