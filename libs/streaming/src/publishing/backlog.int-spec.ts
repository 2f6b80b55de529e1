import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Names } from '#contracts';
import { RedisConnections } from '#redis';
import { eventually, startRedis, type RedisFixture } from '#testing';
import { FramePublisher, type FrameWriter } from '../index.js';

const CHUNK = Buffer.alloc(64 * 1024, 'x');
const names = new Names('backlog-test');
const LIMIT = 4 * 1024 * 1024;

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis({ arguments: ['--client-output-buffer-limit', `pubsub ${LIMIT} ${LIMIT} 0`] });
});
afterAll(() => redis.stop());

/** A gateway that subscribes and then does not read. */
async function lazyGateway(gatewayId: string): Promise<Socket> {
  const socket = connect(redis.port, '127.0.0.1');
  socket.write(`CLIENT SETNAME ${gatewayId}:frames\r\nSUBSCRIBE ${names.replyChannel(gatewayId)}\r\n`);
  let greeting = '';
  socket.on('data', (data: Buffer) => (greeting += data.toString()));
  await eventually(() => greeting.includes('subscribe'));
  socket.removeAllListeners('data').pause();
  return socket;
}

/** Once what was published last has been looked at. */
async function staysBehind(writer: FrameWriter): Promise<boolean> {
  for (let look = 0; look < 5 && writer.behind; look++) await delay(30);
  return writer.behind;
}

it('holds writers for a gateway back that does not read, so that Redis does not cut it off, and no others', async () => {
  const connections = new RedisConnections({ url: redis.url, name: 'worker' });
  const publisher = new FramePublisher({ redis: connections.patient('frames'), names });
  await connections.ready();
  const socket = await lazyGateway('gw-lazy');
  let closed = false;
  socket.once('close', () => (closed = true));
  const writerFor = (gatewayId: string, stream: number) =>
    publisher.open({ gatewayId, stream, requestId: `${gatewayId}.${stream}`, attempt: 1 });
  const [lazy, brisk] = [writerFor('gw-lazy', 1), writerFor('gw-brisk', 1)];
  // More than the kernel's buffers and the limit of Redis hold together.
  for (let chunks = 0; chunks < 1_024; chunks++) {
    await publisher.drain();
    if (await staysBehind(lazy)) break;
    lazy.body(CHUNK);
  }
  expect([lazy.behind, brisk.behind, closed]).toEqual([true, false, false]);
  socket.resume();
  expect(await eventually(() => !lazy.behind)).toBe(true);
  socket.destroy();
  publisher.close();
  connections.close();
});
