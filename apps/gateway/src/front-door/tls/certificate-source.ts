import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '#config';
import { KeptCertificates } from './kept-certificates.js';
import type { CertifiedKey } from './make-certificates.js';
import { readCertificate } from './read-certificate.js';

/** The certificate to show now, which is another one after it was renewed. @throws ConfigurationError */
export type CertificateSource = () => Promise<CertifiedKey>;

export interface TlsSettings {
  /** Empty = the gateway makes its own. */
  readonly tlsCertificate: string;
  readonly tlsKey: string;
  /** Empty = `.longshore/tls` in the user's folder. */
  readonly tlsFolder: string;
  readonly tlsNames: readonly string[];
}

/** @throws ConfigurationError when only one of certificate and key is given */
export function certificateSource(settings: TlsSettings): CertificateSource {
  const { tlsCertificate: certificate, tlsKey: key, tlsFolder, tlsNames } = settings;
  if ((certificate === '') !== (key === ''))
    throw new ConfigurationError([
      'LONGSHORE_TLS_CERT and LONGSHORE_TLS_KEY go together: set both, or neither',
    ]);
  if (certificate !== '') return () => readCertificate({ certificate, key });
  const names = [...new Set(['localhost', hostname().toLowerCase(), '127.0.0.1', '::1', ...tlsNames])];
  const kept = new KeptCertificates(tlsFolder || join(homedir(), '.longshore', 'tls'), names);
  return () => kept.current(Date.now());
}
