import { describe, expect, it } from 'vitest';
import { RegistryEndpoints, UnreadableMirrors, endpointUrl, parseMirrors } from './registry-endpoint.js';

describe('parseMirrors', () => {
  it('reads addresses and plain hosts in order, and keeps paths', () => {
    const mirrors = parseMirrors(
      ' https://a.example/proxy/hub/ ,b.example,http://c.example:5000/v2/, localhost:5001',
    );
    expect(mirrors.map((mirror) => endpointUrl(mirror, 'ai/x', 'manifests/1').href)).toEqual([
      'https://a.example/proxy/hub/v2/ai/x/manifests/1',
      'https://b.example/v2/ai/x/manifests/1',
      'http://c.example:5000/v2/ai/x/manifests/1',
      'http://localhost:5001/v2/ai/x/manifests/1',
    ]);
    expect(mirrors.map((mirror) => mirror.name)).toEqual([
      'a.example',
      'b.example',
      'c.example:5000',
      'localhost:5001',
    ]);
    expect(parseMirrors(' , ')).toEqual([]);
  });

  it.each(['ftp://a', 'https://', 'a b', 'https://user:pw@a.example', 'https://a.example/?x=1'])(
    'refuses %j',
    (text) => {
      expect(() => parseMirrors(text)).toThrow(UnreadableMirrors);
    },
  );
});

describe('RegistryEndpoints', () => {
  const mirrors = parseMirrors('a.example,b.example');
  const names = (endpoints: RegistryEndpoints, registry: string, reading = true): string[] =>
    endpoints.of(registry, reading).map((endpoint) => endpoint.base.host);

  it('puts mirrors before Docker Hub, for reading, and before nobody else', () => {
    const endpoints = new RegistryEndpoints(false, mirrors);
    expect(names(endpoints, 'docker.io')).toEqual(['a.example', 'b.example', 'registry-1.docker.io']);
    expect(names(endpoints, 'docker.io', false)).toEqual(['registry-1.docker.io']);
    expect(names(endpoints, 'ghcr.io')).toEqual(['ghcr.io']);
  });

  it('leaves a mirror alone for a while', () => {
    const endpoints = new RegistryEndpoints(false, mirrors);
    const [first] = mirrors;
    if (first) endpoints.rest(first);
    expect(names(endpoints, 'docker.io')).toEqual(['b.example', 'registry-1.docker.io']);
  });
});
