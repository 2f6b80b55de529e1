import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { ConfigurationError } from '#config';
import { type CertifiedKey, makeAuthority, makeKey, makeServer } from './make-certificates.js';

/** A certificate is renewed when it is valid for less than this; ms. */
const RENEWED_BEFORE_MS = 30 * 86_400_000;

const OWNER_ONLY = 0o600;
const READABLE = 0o644;

/**
 * The certificates that a gateway makes itself, in a folder that gateways may share: `ca.pem`, which clients trust, its
 * key, and the gateway's own, which is made anew before it expires and when it lacks a name.
 */
export class KeptCertificates {
  /** The last one: another gateway's, with other names, may stand in the folder by now. */
  private shown: CertifiedKey | undefined;

  constructor(
    private readonly folder: string,
    private readonly names: readonly string[],
  ) {}

  /** @param now ms since the epoch. @throws ConfigurationError when the folder cannot be used */
  async current(now: number): Promise<CertifiedKey> {
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      const authority = await this.authority(now);
      this.shown = (await this.good(authority, now)) ?? (await this.make(authority, now));
      return withChain(this.shown, authority);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      throw new ConfigurationError([
        `LONGSHORE_TLS_DIR: the certificates in ${this.folder} cannot be used: ${error.message}`,
      ]);
    }
  }

  /** Whoever comes first makes the key; the certificate follows from it, so that none is of another's key. */
  private async authority(now: number): Promise<CertifiedKey> {
    const key =
      (await this.read('ca-key.pem')) ?? (await this.keep('ca-key.pem', await makeKey(), OWNER_ONLY));
    await chmod(join(this.folder, 'ca-key.pem'), OWNER_ONLY);
    const kept = await this.read('ca.pem');
    if (kept !== undefined && isValidFor(kept, key, now)) return { key, certificate: kept };
    const certificate = await makeAuthority(key, now);
    if (kept === undefined) return { key, certificate: await this.keep('ca.pem', certificate, READABLE) };
    await this.replace('ca.pem', certificate, READABLE);
    return { key, certificate };
  }

  private async good(authority: CertifiedKey, now: number): Promise<CertifiedKey | undefined> {
    for (const known of [this.shown, await this.server()])
      if (known !== undefined && this.isGood(known, authority, now)) return known;
    return undefined;
  }

  private async make(authority: CertifiedKey, now: number): Promise<CertifiedKey> {
    const made = await makeServer(authority, this.names, now);
    await this.replace('server.pem', made.key + made.certificate, OWNER_ONLY);
    return made;
  }

  private async server(): Promise<CertifiedKey | undefined> {
    const text = await this.read('server.pem');
    const start = text?.indexOf('-----BEGIN CERTIFICATE') ?? -1;
    return text === undefined || start === -1
      ? undefined
      : { key: text.slice(0, start), certificate: text.slice(start) };
  }

  private isGood({ certificate, key }: CertifiedKey, authority: CertifiedKey, now: number): boolean {
    if (!isValidFor(certificate, key, now)) return false;
    const parsed = new X509Certificate(certificate);
    const issuer = new X509Certificate(authority.certificate);
    const covers = (name: string): boolean =>
      (isIP(name) === 0 ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined;
    return parsed.verify(issuer.publicKey) && this.names.every(covers);
  }

  private async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.folder, name), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Writes a file that is not there yet. @returns what is there in the end, whoever wrote it */
  private async keep(name: string, text: string, mode: number): Promise<string> {
    const path = join(this.folder, name);
    const draft = await this.draft(name, text, mode);
    try {
      await link(draft, path);
      return text;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      return await readFile(path, 'utf8');
    } finally {
      await rm(draft, { force: true });
    }
  }

  private async replace(name: string, text: string, mode: number): Promise<void> {
    await rename(await this.draft(name, text, mode), join(this.folder, name));
  }

  private async draft(name: string, text: string, mode: number): Promise<string> {
    const path = join(this.folder, `.${name}.${randomBytes(6).toString('hex')}`);
    await writeFile(path, text, { mode, flag: 'wx' });
    return path;
  }
}

function withChain({ key, certificate }: CertifiedKey, authority: CertifiedKey): CertifiedKey {
  return { key, certificate: certificate + authority.certificate };
}

/** Damaged files are as good as none: what is in them was made here and can be made again. */
function isValidFor(certificate: string, key: string, now: number): boolean {
  try {
    const parsed = new X509Certificate(certificate);
    const until = Date.parse(parsed.validTo);
    return until - now > RENEWED_BEFORE_MS && parsed.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
