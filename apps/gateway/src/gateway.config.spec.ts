import { describe, expect, it } from 'vitest';
import { ConfigurationError, readConfig } from '#config';
import { GatewayConfig } from './gateway.config.js';

describe('GatewayConfig', () => {
  it('listens on loopback unless told otherwise, and takes bodies of 10 MiB', () => {
    expect(readConfig(GatewayConfig, {})).toMatchObject({
      host: '127.0.0.1',
      port: 12_434,
      bodyLimit: 10_485_760,
      logFormat: 'json',
    });
  });

  it('refuses what it cannot use, by variable name', () => {
    const environment = {
      LONGSHORE_PORT: '70000',
      LONGSHORE_BODY_LIMIT: '0B',
      LONGSHORE_LOG_LEVEL: 'chatty',
      LONGSHORE_MAX_OPEN_REQUESTS: '0',
    };
    expect(() => readConfig(GatewayConfig, environment)).toThrow(ConfigurationError);
    for (const name of Object.keys(environment)) {
      expect(() => readConfig(GatewayConfig, environment)).toThrow(name);
    }
  });
});
