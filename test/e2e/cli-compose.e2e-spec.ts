import { describe, expect, it } from 'vitest';
import { fixtureModel, publishModel, requestJson } from '#testing';
import { runCli } from './support/run-cli.js';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({ gateways: 1, workers: 1, engine: 'synthetic' });

const compose = async (...args: string[]) => {
  const { code, out, error } = await runCli(shared.cluster.gateway().url, [
    'compose',
    '--project-name',
    'shop',
    ...args,
  ]);
  const lines = out.split('\n').filter((line) => line !== '');
  return {
    code,
    error,
    messages: lines.map((line) => JSON.parse(line) as { type: string; message: string }),
  };
};

describe('a service of a compose file whose provider is longshore', () => {
  it('pulls its models, configures them, and tells dependent services where they are', async () => {
    const file = await fixtureModel('scripted');
    const { reference, id } = await publishModel({
      registry: shared.registry,
      name: 'compose/model:1',
      file,
    });
    const options = [`--model=${reference}`, '--context-size=256', 'llm'];
    const { code, messages, error } = await compose('up', ...options);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    const { port } = new URL(shared.cluster.gateway().url);
    expect(messages.filter(({ type }) => type === 'setenv').map(({ message }) => message)).toEqual([
      `URL=http://host.docker.internal:${port}/engines/v1/`,
      `MODEL=${reference}`,
    ]);
    expect(messages.some(({ type, message }) => type === 'info' && message.startsWith(reference))).toBe(true);
    const { json } = await requestJson({ url: `${shared.cluster.gateway().url}/models/${reference}` });
    expect(json).toMatchObject({ id });
  });

  it('gets the same again when it is started again', async () => {
    const file = await fixtureModel('scripted');
    const { reference } = await publishModel({ registry: shared.registry, name: 'compose/model:1', file });
    const { messages } = await compose('up', `--model=${reference}`, '--url=http://gateway:12434/v1/', 'llm');
    expect(messages.filter(({ type }) => type === 'setenv').map(({ message }) => message)).toEqual([
      'URL=http://gateway:12434/v1/',
      `MODEL=${reference}`,
    ]);
  });

  it('is told what is wrong with a model that cannot be had', async () => {
    const { code, messages } = await compose('up', `--model=${shared.registry.host}/compose/none:1`, 'llm');
    expect(code).not.toBe(0);
    expect(messages.at(-1)).toMatchObject({ type: 'error', message: expect.stringMatching(/compose\/none/) });
    expect((await compose('up', 'llm')).messages.at(-1)).toMatchObject({ type: 'error' });
  });

  it('leaves models where they are when it goes, and says what it takes', async () => {
    expect(await compose('down', 'llm')).toEqual({ code: 0, error: '', messages: [] });
    const { messages } = await compose('metadata');
    const [{ up }] = messages as unknown as [{ up: { parameters: { name: string }[] } }];
    expect(up.parameters.map(({ name }) => name)).toEqual(['model', 'context-size', 'runtime-flags', 'url']);
  });
});
