import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { runLongshore } from '../__fixtures__/run-longshore.js';

let server: Server;
let folder: TemporaryFolder;
let port = 0;

/** A certificate for localhost that nobody vouches for, and its key; PEM. */
async function selfSigned(): Promise<{ cert: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
}

beforeAll(async () => {
  folder = await makeTemporaryFolder('tls');
  const { cert, key } = await selfSigned();
  await writeFile(join(folder.path, 'ca.pem'), cert);
  server = createServer({ cert, key }, (_, response) => response.end('[]'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await folder.remove();
});

const list = (environment: Readonly<Record<string, string>>, scheme = 'https://') =>
  runLongshore(['--host', `${scheme}localhost:${port}`, 'list', '-q'], { environment });

describe('a cluster behind TLS', () => {
  it('is not trusted when nobody vouches for its certificate, and the sentence says what to do', async () => {
    const { code, error } = await list({});
    expect(code).toBe(4);
    expect(error).toMatch(
      /^The certificate of https:\/\/localhost:\d+ cannot be trusted.*MODEL_RUNNER_TLS_CA_CERT=FILE/,
    );
  });

  it('is trusted with the authority of its certificate', async () => {
    const environment = { MODEL_RUNNER_TLS_CA_CERT: join(folder.path, 'ca.pem') };
    expect(await list(environment)).toEqual({ code: 0, out: '', error: '' });
  });

  it('is not asked who it is when that is wished', async () => {
    expect((await list({ MODEL_RUNNER_TLS_SKIP_VERIFY: 'true', MODEL_RUNNER_TLS: 'true' }, '')).code).toBe(0);
  });

  it('is not found with http', async () => {
    const { code, error } = await list({}, 'http://');
    expect(code).toBe(4);
    expect(error.trimEnd().split('\n')).toHaveLength(1);
  });
});
