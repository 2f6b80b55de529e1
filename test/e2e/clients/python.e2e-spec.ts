import { expect, it } from 'vitest';
import { useCluster } from '../support/use-cluster.js';
import { describePythonClients, runPython } from './python-clients.js';

const shared = useCluster({
  gateways: 1,
  workers: 1,
  engine: 'llama-server',
  gatewayEnvironment: { LONGSHORE_RESPONSE_RETENTION: '8s' },
});

describePythonClients('the official OpenAI library for Python', () => {
  it('chats, streams, calls tools, keeps to schemas, embeds, cancels, fails and makes responses', async () => {
    const { reference: model } = await shared.pulled('scripted');
    const { reference: embedder } = await shared.pulled('embedding');
    const { url } = shared.cluster.gateway();
    const { code, output } = await runPython('openai-client.py', `${url}/v1`, model, embedder);
    expect(code === 0 ? '' : output).toBe('');
    expect(output.trim().split('\n')).toHaveLength(10);
  });
});
