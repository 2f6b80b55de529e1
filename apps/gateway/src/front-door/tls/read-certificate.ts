import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigurationError } from '#config';
import type { CertifiedKey } from './make-certificates.js';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** The operator's certificate and key. @throws ConfigurationError that says which file is at fault and how */
export async function readCertificate(files: CertificateFiles): Promise<CertifiedKey> {
  const [certificate, key] = await Promise.all([
    readPem('LONGSHORE_TLS_CERT', files.certificate),
    readPem('LONGSHORE_TLS_KEY', files.key),
  ]);
  const parsed = parse(() => new X509Certificate(certificate), 'LONGSHORE_TLS_CERT', 'certificate');
  const secret: KeyObject = parse(
    () => createPrivateKey(key),
    'LONGSHORE_TLS_KEY',
    'private key without a passphrase',
  );
  if (!parsed.checkPrivateKey(secret))
    throw new ConfigurationError([
      'LONGSHORE_TLS_KEY is not the key of the first certificate in LONGSHORE_TLS_CERT; give the two that belong together',
    ]);
  return { certificate, key };
}

async function readPem(variable: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigurationError([`${variable} names a file that cannot be read: ${path} (${reason})`]);
  }
}

function parse<T>(read: () => T, variable: string, what: string): T {
  try {
    return read();
  } catch {
    throw new ConfigurationError([`${variable} names a file that holds no ${what} in PEM`]);
  }
}
