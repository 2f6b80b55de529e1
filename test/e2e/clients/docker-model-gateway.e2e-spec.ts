import { beforeEach, expect, it } from 'vitest';
import { eventually, fixtureModel, publishModel, startRegistryGate } from '#testing';
import { useCluster } from '../support/use-cluster.js';
import { describeDockerModel, useDockerModel } from './docker-model.js';

const KEY = 'an-admin-key-of-the-test-of-docker-model';

describeDockerModel('docker model, pointed at a gateway', () => {
  const shared = useCluster({
    gateways: 1,
    workers: 1,
    engine: 'synthetic',
    gatewayEnvironment: { LONGSHORE_ADMIN_KEY: KEY },
  });
  let host = '';
  const url = (): URL => new URL(shared.cluster.gateway().url);
  const withKey = (): string => `http://key:${KEY}@${url().host}`;
  beforeEach(() => {
    host = withKey();
  });
  const cli = useDockerModel(() => host);

  it('brings its key in the address: as a password, as a user, or before the path', async () => {
    for (const address of [withKey(), `http://${KEY}@${url().host}`, `${url().origin}/k/${KEY}`]) {
      host = address;
      expect(await cli.run('status')).toMatchObject({
        code: 0,
        output: expect.stringMatching(/^Docker Model Runner is running/),
      });
      expect(await cli.run('list', '--json')).toEqual({ code: 0, output: '[]\n' });
      expect(await cli.run('run', 'missing', 'Hi')).toMatchObject({
        code: 1,
        output: expect.stringContaining("Unable to find model 'missing' locally"),
      });
    }
  });

  it.each(['', '/k/wrong'])('is refused without the right key, with %s behind the address', async (path) => {
    host = `${url().origin}${path}`;
    for (const args of [['list'], ['pull', 'ai/missing'], ['run', 'missing', 'Hi'], ['ps']])
      expect(await cli.run(...args)).toMatchObject({ code: 1, output: expect.stringContaining('401') });
  });

  it('goes on with a pull when the gateway dies and comes back', async () => {
    const gate = await startRegistryGate(shared.registry.host);
    try {
      const file = await fixtureModel('scripted');
      const { id } = await publishModel({ registry: shared.registry, name: 'test/held:1', file });
      const pulling = cli.start('pull', `${gate.host}/test/held:1`);
      await eventually(() => gate.blobsRead.length > 0);
      const gateway = shared.cluster.gateway();
      await gateway.kill('SIGKILL');
      await eventually(() => pulling.output().includes('Retrying download (attempt 1/4)'));
      await shared.cluster.restartGateway(gateway.name);
      gate.open();
      const { code, output } = await pulling.finished;
      expect(output).toMatch(/Model pulled successfully|Using cached model/);
      expect(code).toBe(0);
      expect(JSON.parse((await cli.run('inspect', id)).output)).toMatchObject({ id });
    } finally {
      await gate.close();
    }
  });
});
