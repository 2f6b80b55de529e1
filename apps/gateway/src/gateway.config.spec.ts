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

  it('reads origins, hosts and names as lists, and the admin key from a file or not', () => {
    const config = readConfig(GatewayConfig, {
      DMR_ORIGINS: 'https://chat.example, http://intranet:*,app://obsidian.md,*',
      LONGSHORE_MEDIA_HOSTS: 'images.example,*.cdn.example,10.0.0.7,[fd00::1],*',
      LONGSHORE_TLS_NAMES: 'gateway.example,10.0.0.7',
      LONGSHORE_ADMIN_KEY: 'sixteen-letters!',
    });
    expect(config.origins).toEqual(['https://chat.example', 'http://intranet:*', 'app://obsidian.md', '*']);
    expect(config.mediaHosts).toHaveLength(5);
    expect(config.adminKey).toBe('sixteen-letters!');
    expect(readConfig(GatewayConfig, {})).toMatchObject({ adminKey: '', tlsPort: -1, socket: '' });
  });

  it.each([
    ['LONGSHORE_ADMIN_KEY', 'short'],
    ['LONGSHORE_ADMIN_KEY', 'with a blank in the middle'],
    ['DMR_ORIGINS', 'pages.example'],
    ['DMR_ORIGINS', 'https://*.example'],
    ['DMR_ORIGINS', 'https://chat.example/page'],
    ['LONGSHORE_MEDIA_HOSTS', 'https://images.example'],
    ['LONGSHORE_MEDIA_HOSTS', 'images.example/path'],
    ['LONGSHORE_MEDIA_MAX_PIXELS', '-7'],
    ['LONGSHORE_TLS_PORT', '-2'],
    ['LONGSHORE_SOCKET_MODE', 'rw-------'],
  ])('refuses %s=%s by name, without the value', (name, value) => {
    const read = () => readConfig(GatewayConfig, { [name]: value });
    expect(read).toThrow(name);
    expect(read).not.toThrow(value);
  });
});
