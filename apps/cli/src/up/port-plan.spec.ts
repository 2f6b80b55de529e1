import { describe, expect, it } from 'vitest';
import { describeOccupant, gatewayUrl, planPorts, socketOf, tlsPort } from './port-plan.js';

describe('planPorts', () => {
  it('puts gateways on neighbouring ports', () => {
    expect(planPorts(8080, 3)).toEqual([8080, 8081, 8082]);
  });

  it('refuses gateways that would not fit below the highest port', () => {
    expect(planPorts(65_535, 1)).toEqual([65_535]);
    expect(() => planPorts(65_535, 2)).toThrow(/choose a lower --port/);
  });
});

describe('tlsPort', () => {
  it('puts gateways on neighbouring ports, and leaves alone what names none', () => {
    expect([0, 1, 2].map((index) => tlsPort('12435', index))).toEqual(['12435', '12436', '12437']);
    expect(['0', '-1', 'x', undefined].map((port) => tlsPort(port, 1))).toEqual(['0', '-1', 'x', undefined]);
  });
});

describe('socketOf', () => {
  it.each([
    ['/run/gateway.sock', ['/run/gateway.sock', '/run/gateway-2.sock', '/run/gateway-3.sock']],
    ['run/gateway', ['run/gateway', 'run/gateway-2', 'run/gateway-3']],
    ['./.sock', ['./.sock', '.sock-2', '.sock-3']],
    ['', [undefined, undefined, undefined]],
    [undefined, [undefined, undefined, undefined]],
  ])('gives each gateway a file of its own beside %s', (first, sockets) => {
    expect([0, 1, 2].map((index) => socketOf(first, index))).toEqual(sockets);
  });
});

describe('gatewayUrl', () => {
  it('names an address that a client on this machine can use', () => {
    expect(gatewayUrl('127.0.0.1', 80)).toBe('http://127.0.0.1:80');
    expect(gatewayUrl('0.0.0.0', 80)).toBe('http://127.0.0.1:80');
    expect(gatewayUrl('::', 80)).toBe('http://[::1]:80');
    expect(gatewayUrl('fe80::1', 80)).toBe('http://[fe80::1]:80');
  });
});

describe('describeOccupant', () => {
  it('tells a gateway, a Model Runner, a web server and a silent program apart', () => {
    expect(describeOccupant({ body: 'Docker Model Runner is running', server: 'longshore/0.1' })).toBe(
      'a Longshore gateway',
    );
    expect(describeOccupant({ body: 'Docker Model Runner is running', server: '' })).toMatch(
      /Docker Model Runner/,
    );
    expect(describeOccupant({ body: '<html>', server: 'nginx' })).toBe('another HTTP server');
    expect(describeOccupant(undefined)).toBe('another program');
  });
});
