import { describe, expect, it } from 'vitest';
import { readyBlock } from './ready-block.js';

const FACTS = {
  urls: ['http://127.0.0.1:12434', 'http://127.0.0.1:12435'],
  workers: 1,
  variant: 'cpu',
  engine: 'embedded llama.cpp',
  redis: 'private',
  logs: '/d/logs',
  data: '/d',
  sockets: [],
  keys: false,
};

describe('readyBlock', () => {
  it('names every gateway, and asks the first', () => {
    const block = readyBlock(FACTS);
    expect(block).toContain('  URL      http://127.0.0.1:12434  http://127.0.0.1:12435\n');
    expect(block).toContain(
      "  curl http://127.0.0.1:12434/models/create -H 'Content-Type: application/json' -d '{\"from\"",
    );
  });

  it('sends the key where one is needed, without showing it', () => {
    const commands = readyBlock({ ...FACTS, keys: true }).match(/curl .*/g) ?? [];
    expect(commands).toHaveLength(2);
    for (const command of commands)
      expect(command).toContain('-H "Authorization: Bearer $LONGSHORE_ADMIN_KEY"');
  });

  it('goes through the socket of the first where gateways have sockets instead of ports', () => {
    const block = readyBlock({ ...FACTS, sockets: ['/run/gw.sock', '/run/gw-2.sock'] });
    expect(block).toContain('  URL      unix:///run/gw.sock  unix:///run/gw-2.sock\n');
    expect(block).toContain('  curl --unix-socket /run/gw.sock http://localhost/models/create ');
    expect(block).not.toContain('12434');
  });
});
