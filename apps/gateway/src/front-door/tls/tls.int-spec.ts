import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { get as httpsGet, request as httpsRequest } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { eventStream } from '../../__fakes__/fake-completions.js';
import { type FakeGateway, startFakeGateway } from '../../__fakes__/start-fake-gateway.js';
import type { GatewayConfig } from '../../gateway.config.js';
import { KeptCertificates } from './kept-certificates.js';

const DAY_MS = 86_400_000;
const NAMES = ['localhost', '127.0.0.1', '::1'];

describe('the listener with TLS', () => {
  let temporary: TemporaryFolder;
  let folder: string;
  const running: FakeGateway[] = [];

  beforeEach(async () => {
    temporary = await makeTemporaryFolder('tls');
    folder = join(temporary.path, 'tls');
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ gateway }) => gateway.stop(0)));
    await temporary.remove();
  });

  const start = async (overrides: Partial<GatewayConfig> = {}): Promise<FakeGateway> => {
    const fake = await startFakeGateway({ tlsPort: 0, tlsFolder: folder, ...overrides });
    running.push(fake);
    return fake;
  };
  const authority = () => readFile(join(folder, 'ca.pem'), 'utf8');
  const get = async ({ addresses }: FakeGateway, host = 'localhost', path = '/version'): Promise<string> => {
    const ca = await authority();
    const options = {
      host: host === '::1' ? '127.0.0.1' : host,
      port: addresses.tlsPort,
      path,
      ca,
      agent: false,
    };
    return new Promise((resolve, reject) => {
      const names = host === '::1' ? { servername: 'localhost' } : {};
      httpsGet({ ...options, ...names }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += String(chunk)));
        response.on('end', () => resolve(text));
      }).on('error', reject);
    });
  };

  it('serves the same routes, to clients that trust the authority it has made', async () => {
    const fake = await start({ tlsNames: ['gateway.example', '10.1.2.3'] });
    expect(await get(fake, 'localhost')).toContain('version');
    expect(await get(fake, '127.0.0.1')).toContain('version');
    const server = new X509Certificate(await readFile(join(folder, 'server.pem')));
    for (const name of ['localhost', hostname(), 'gateway.example'])
      expect(server.checkHost(name)).toBe(name.toLowerCase());
    for (const address of ['127.0.0.1', '::1', '10.1.2.3']) expect(server.checkIP(address)).toBe(address);
    const ca = new X509Certificate(await authority());
    expect(ca.ca).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.checkIssued(ca) && server.verify(ca.publicKey)).toBe(true);
    expect(server.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    const days = (certificate: X509Certificate) => (Date.parse(certificate.validTo) - Date.now()) / DAY_MS;
    expect(Math.round(days(ca))).toBe(3_650);
    expect(Math.round(days(server))).toBe(365);
    // The port without TLS is there as before.
    expect((await fetch(`${fake.url}/version`)).status).toBe(200);
  });

  it('is refused by clients that do not trust the authority', async () => {
    const { addresses } = await start();
    const error = await new Promise<Error>((resolve) => {
      httpsGet({ port: addresses.tlsPort, path: '/', agent: false }).on('error', resolve);
    });
    expect(error).toMatchObject({ code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/) });
  });

  it('keeps its keys to itself, and what it has made over a restart', async () => {
    await get(await start());
    const modeOf = async (name: string) => (await stat(join(folder, name))).mode & 0o777;
    expect(await modeOf('ca-key.pem')).toBe(0o600);
    expect(await modeOf('server.pem')).toBe(0o600);
    const files = async () =>
      Promise.all(['ca.pem', 'ca-key.pem', 'server.pem'].map((name) => readFile(join(folder, name), 'utf8')));
    const before = await files();
    await get(await start());
    expect(await files()).toEqual(before);
    expect((await readdir(folder)).toSorted()).toEqual(['ca-key.pem', 'ca.pem', 'server.pem']);
  });

  it('makes one authority when several gateways begin in the same folder at once', async () => {
    const certificates = () => new KeptCertificates(folder, NAMES).current(Date.now());
    const all = await Promise.all([certificates(), certificates(), certificates(), certificates()]);
    const ca = new X509Certificate(await authority());
    for (const { certificate } of all)
      expect(new X509Certificate(certificate).verify(ca.publicKey)).toBe(true);
  });

  it('leaves gateways of other names that share its folder theirs', async () => {
    const one = new KeptCertificates(folder, [...NAMES, 'one.example']);
    const other = new KeptCertificates(folder, [...NAMES, 'other.example']);
    const [first, second] = [await one.current(Date.now()), await other.current(Date.now())];
    expect(new X509Certificate(second.certificate).checkHost('other.example')).toBe('other.example');
    expect(await one.current(Date.now())).toEqual(first);
    expect(await other.current(Date.now())).toEqual(second);
  });

  it('is given a new certificate before the old one expires, and when a name is new', async () => {
    const now = Date.now();
    const first = await new KeptCertificates(folder, NAMES).current(now);
    const later = new KeptCertificates(folder, NAMES);
    expect((await later.current(now + 330 * DAY_MS)).certificate).toBe(first.certificate);
    const renewed = await later.current(now + 340 * DAY_MS);
    expect(renewed.certificate).not.toBe(first.certificate);
    const named = await new KeptCertificates(folder, [...NAMES, 'new.example']).current(now + 340 * DAY_MS);
    expect(new X509Certificate(named.certificate).checkHost('new.example')).toBe('new.example');
    const ca = new X509Certificate(await authority());
    expect(new X509Certificate(named.certificate).verify(ca.publicKey)).toBe(true);
    await writeFile(join(folder, 'server.pem'), 'damaged');
    const mended = await new KeptCertificates(folder, NAMES).current(now);
    expect(new X509Certificate(mended.certificate).verify(ca.publicKey)).toBe(true);
  });

  it('shows the certificate of the operator, and refuses what cannot be one', async () => {
    const made = await new KeptCertificates(folder, NAMES).current(Date.now());
    const other = await new KeptCertificates(join(temporary.path, 'other'), NAMES).current(Date.now());
    const files = {
      tlsCertificate: join(temporary.path, 'cert.pem'),
      tlsKey: join(temporary.path, 'key.pem'),
    };
    await writeFile(files.tlsCertificate, made.certificate);
    await writeFile(files.tlsKey, made.key);
    expect(await get(await start(files))).toContain('version');
    await expect(start({ ...files, tlsKey: '' })).rejects.toThrow('go together');
    await expect(start({ ...files, tlsKey: '/nowhere/key.pem' })).rejects.toThrow(
      'LONGSHORE_TLS_KEY names a file that cannot be read: /nowhere/key.pem (ENOENT)',
    );
    await writeFile(files.tlsKey, other.key);
    await expect(start(files)).rejects.toThrow('LONGSHORE_TLS_KEY is not the key of the first certificate');
    await writeFile(files.tlsKey, 'x');
    await expect(start(files)).rejects.toThrow('holds no private key');
    await writeFile(files.tlsCertificate, 'x');
    await expect(start(files)).rejects.toThrow('LONGSHORE_TLS_CERT names a file that holds no certificate');
  });

  it('says what is wrong with its folder or its port', async () => {
    await writeFile(join(temporary.path, 'file'), '');
    await expect(start({ tlsFolder: join(temporary.path, 'file') })).rejects.toThrow('LONGSHORE_TLS_DIR');
    const { addresses } = await start();
    await expect(start({ tlsPort: addresses.tlsPort ?? 0 })).rejects.toThrow(
      'LONGSHORE_TLS_PORT: the port is taken by another process',
    );
  });

  it('streams, counts as a connection, and lets what is open finish when the gateway stops', async () => {
    const fake = await start();
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    fake.cluster.completions.respond = async () =>
      eventStream(
        (async function* () {
          yield 'data: {"first":1}\n\n';
          await finished;
          yield 'data: [DONE]\n\n';
        })(),
      );
    const ca = await authority();
    const { tlsPort: port } = fake.addresses;
    const headers = { 'content-type': 'application/json' };
    const texts: string[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      const path = '/v1/chat/completions';
      httpsRequest(
        { host: 'localhost', port, path, method: 'POST', ca, agent: false, headers },
        (response) => {
          response.on('data', (chunk) => texts.push(String(chunk)));
          response.on('end', resolve).on('error', reject);
        },
      )
        .on('error', reject)
        .end('{"model":"ai/smollm2","messages":[],"stream":true}');
    });
    await expect.poll(() => texts.join('')).toContain('first');
    running.splice(0);
    const stopped = fake.gateway.stop(5_000);
    setTimeout(finish, 50);
    expect(await stopped).toBe(0);
    await ended;
    expect(texts.join('')).toContain('[DONE]');
  });

  it('does not wait for clients that never get through the handshake when the gateway stops', async () => {
    const fake = await start();
    const socket = connectPlain(fake.addresses.tlsPort ?? 0, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    running.splice(0);
    const closed = once(socket.resume(), 'close');
    expect(await fake.gateway.stop(0)).toBe(0);
    await closed;
  });

  it('tells who is not allowed so, too: the same origins and the same keys', async () => {
    const fake = await start({ adminKey: 'an-administrators-key' });
    expect(await get(fake, 'localhost', '/models')).toContain('An API key is needed');
  });

  it('does not fall for clients that speak no TLS, an old one, or nothing', async () => {
    const fake = await start();
    const { tlsPort: port = 0 } = fake.addresses;
    const plain = await fetch(`http://127.0.0.1:${port}/`).then(
      () => 'answered',
      () => 'refused',
    );
    expect(plain).toBe('refused');
    const old = await new Promise<string>((resolve) => {
      const options = { host: '127.0.0.1', port, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' } as const;
      connect(options, () => resolve('connected')).on('error', () => resolve('refused'));
    });
    expect(old).toBe('refused');
    expect(await get(fake)).toContain('version');
  });

  it('takes over a key whose mode is too open', async () => {
    await new KeptCertificates(folder, NAMES).current(Date.now());
    await chmod(join(folder, 'ca-key.pem'), 0o644);
    await new KeptCertificates(folder, NAMES).current(Date.now());
    expect((await stat(join(folder, 'ca-key.pem'))).mode & 0o777).toBe(0o600);
  });
});
