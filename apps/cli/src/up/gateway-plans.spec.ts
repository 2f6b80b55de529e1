import { describe, expect, it } from 'vitest';
import { planGateways } from './gateway-plans.js';

const plan = (environment: Readonly<Record<string, string>>) =>
  planGateways({ host: '127.0.0.1', ports: [8080, 8081], root: '/data', environment });

describe('planGateways', () => {
  it('gives each gateway a place of its own to listen at', () => {
    const gateways = plan({ LONGSHORE_TLS_PORT: '12435', LONGSHORE_SOCKET: '/run/longshore/gateway.sock' });
    expect(gateways).toEqual([
      {
        name: 'gateway-1',
        own: {
          LONGSHORE_HOST: '127.0.0.1',
          LONGSHORE_PORT: '8080',
          LONGSHORE_TLS_DIR: '/data/tls',
          LONGSHORE_TLS_PORT: '12435',
          LONGSHORE_SOCKET: '/run/longshore/gateway.sock',
        },
      },
      {
        name: 'gateway-2',
        own: {
          LONGSHORE_HOST: '127.0.0.1',
          LONGSHORE_PORT: '8081',
          LONGSHORE_TLS_DIR: '/data/tls',
          LONGSHORE_TLS_PORT: '12436',
          LONGSHORE_SOCKET: '/run/longshore/gateway-2.sock',
        },
      },
    ]);
  });

  it('names no socket and no port for TLS where nobody asks for one', () => {
    for (const environment of [{}, { LONGSHORE_SOCKET: '' }])
      for (const { own } of plan(environment))
        expect(Object.keys(own).sort()).toEqual(['LONGSHORE_HOST', 'LONGSHORE_PORT', 'LONGSHORE_TLS_DIR']);
  });
});
