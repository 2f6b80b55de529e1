import { describe, expect, it } from 'vitest';
import { flagsIn, versionIn } from './probe.js';

describe('flagsIn', () => {
  it('finds every spelling of a flag', () => {
    const help = [
      '-np,   --parallel N                     number of server slots',
      '--ui,  --webui, --no-ui, --no-webui     whether to enable the Web UI (default: enabled)',
      '                                        (see the note on some--dashes)',
    ].join('\n');
    expect([...flagsIn(help)].toSorted()).toEqual(['--no-ui', '--no-webui', '--parallel', '--ui', '--webui']);
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
