import { expect, it } from 'vitest';
import { eventually, requestJson, SCRIPTS, streamChat } from '#testing';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({ gateways: 1, workers: 1, engine: 'llama-server' });

it('is told again by its workers what the cluster has, when it comes back without its data', async () => {
  const { reference, id } = await shared.pulled('scripted');
  const { url } = shared.cluster.gateway();
  await shared.cluster.redis.kill();
  await shared.cluster.redis.restart();
  const listed = async (): Promise<unknown> =>
    requestJson({ url: `${url}/models` }).then(
      ({ json }) => (json as { id: string; tags: string[] }[])[0],
      () => undefined,
    );
  expect(await eventually(listed)).toMatchObject({ id, tags: [reference] });
  const { text } = await eventually(() =>
    streamChat(url, { model: reference, prompt: 'Hello' }).catch(() => undefined),
  ).then((chat) => chat ?? { text: '' });
  expect(text).toBe(SCRIPTS.say.text);
});
