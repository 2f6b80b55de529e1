import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, openRequest, type TemporaryFolder } from '#testing';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';

describe('a gateway on a Unix socket', () => {
  let temporary: TemporaryFolder;
  let socket: string;
  const running: FakeGateway[] = [];

  beforeEach(async () => {
    temporary = await makeTemporaryFolder('socket');
    socket = join(temporary.path, 'gateway.sock');
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ gateway }) => gateway.stop(0)));
    await temporary.remove();
  });

  const start = async (socketMode = 0o600): Promise<FakeGateway> => {
    const fake = await startFakeGateway({ socket, socketMode });
    running.push(fake);
    return fake;
  };
  const greet = async (): Promise<string> =>
    (await (await openRequest({ url: '/', socketPath: socket })).whole()).toString();

  it('answers there and on no port, and takes the file away when it stops', async () => {
    const { addresses, gateway } = await start();
    expect(addresses).toEqual({ socket });
    expect(await greet()).toBe('Docker Model Runner is running');
    running.splice(0);
    await gateway.stop(0);
    expect(existsSync(socket)).toBe(false);
  });

  it('lets its own user connect only, unless told otherwise, and spoils nothing for other files', async () => {
    const umask = process.umask();
    await start();
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    await running.splice(0)[0]?.gateway.stop(0);
    await start(0o660);
    expect((await stat(socket)).mode & 0o777).toBe(0o660);
    expect(process.umask()).toBe(umask);
  });

  it('takes the place of a process that was killed', async () => {
    const code = `require('net').createServer().listen(${JSON.stringify(socket)}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(socket)).toBe(true);
    await start();
    expect(await greet()).toBe('Docker Model Runner is running');
  });

  it('does not take the place of a process that lives', async () => {
    await start();
    await expect(start()).rejects.toThrow(`LONGSHORE_SOCKET: another process listens on ${socket}`);
    expect(await greet()).toBe('Docker Model Runner is running');
  });

  it('does not take away what is no socket, and says where it cannot be', async () => {
    await writeFile(socket, 'precious');
    await expect(start()).rejects.toThrow(`LONGSHORE_SOCKET: ${socket} is there and is no socket`);
    expect(existsSync(socket)).toBe(true);
    socket = join(temporary.path, 'no', 'such', 'folder.sock');
    await expect(start()).rejects.toThrow('LONGSHORE_SOCKET');
    socket = join(temporary.path, 'x'.repeat(200));
    await expect(start()).rejects.toThrow('LONGSHORE_SOCKET');
  });
});
