import { createPrivateKey, createPublicKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type Extension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A private key and the certificate of its public half, both in PEM. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly key: string;
}

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
const SERVER_DAYS = 365;
/** Clocks of clients may be behind ours; ms. */
const BACKDATED_MS = 3_600_000;

const AUTHORITY_NAME = 'CN=Longshore gateway authority';

/** A private key for ECDSA with P-256, in PEM. */
export async function makeKey(): Promise<string> {
  const pair = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  return KeyObject.from(pair.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The certificate, for ten years, of an authority that signs certificates of servers. @param now ms since the epoch */
export async function makeAuthority(key: string, now: number): Promise<string> {
  const keys = await importKey(key);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: AUTHORITY_NAME,
    ...validity(now, AUTHORITY_DAYS),
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/** A key and its certificate for a year, for these names and addresses. @param now ms since the epoch */
export async function makeServer(
  authority: CertifiedKey,
  names: readonly string[],
  now: number,
): Promise<CertifiedKey> {
  const key = await makeKey();
  const { publicKey } = await importKey(key);
  const issuer = await importKey(authority.key);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(
      names.map((value) => (isIP(value) === 0 ? { type: 'dns', value } : { type: 'ip', value })),
    ),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
  ];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'CN=Longshore gateway',
    issuer: AUTHORITY_NAME,
    ...validity(now, SERVER_DAYS),
    signingAlgorithm: SIGNING,
    publicKey,
    signingKey: issuer.privateKey,
    extensions,
  });
  return { certificate: `${certificate.toString('pem')}\n`, key };
}

function validity(now: number, days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + days * DAY_MS) };
}

/** Positive, as certificates want it. */
function serialNumber(): string {
  return `4${randomBytes(15).toString('hex').slice(1)}00`.slice(0, 30);
}

async function importKey(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const key = createPrivateKey(pem);
  const { subtle } = webcrypto;
  const privateBytes = key.export({ type: 'pkcs8', format: 'der' });
  const publicBytes = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await subtle.importKey('pkcs8', privateBytes, CURVE, true, ['sign']),
    publicKey: await subtle.importKey('spki', publicBytes, CURVE, true, ['verify']),
  };
}
