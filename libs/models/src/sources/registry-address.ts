import { isIP } from 'node:net';

/** Hosts that stand for Docker Hub; its API lives elsewhere. */
const DOCKER_HUB = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];
const DOCKER_HUB_API = 'https://registry-1.docker.io';

export function isDockerHub(registry: string): boolean {
  return DOCKER_HUB.includes(registry);
}

/** Base URL of a registry's API. `insecure` allows plain HTTP to any registry but Docker Hub. */
export function registryUrl(registry: string, insecure: boolean): URL {
  if (isDockerHub(registry)) return new URL(DOCKER_HUB_API);
  const host = new URL(`https://${registry}`).hostname;
  const plain = insecure || host === 'localhost' || host.endsWith('.local') || isLoopback(host);
  return new URL(`${plain ? 'http' : 'https'}://${registry}`);
}

/** True for addresses that only mean something inside a machine or a private network. */
export function isPrivateAddress(address: string): boolean {
  const text = bare(address).toLowerCase();
  if (isIP(text) === 4) return isPrivateV4(text);
  if (isIP(text) !== 6) return false;
  const mapped = mappedV4(text);
  if (mapped !== undefined) return isPrivateV4(mapped);
  return text === '::' || text === '::1' || /^(?:fc|fd|fe[89a-f])/.test(text);
}

function isLoopback(host: string): boolean {
  const address = bare(host);
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

function isPrivateV4(address: string): boolean {
  const [first = 0, second = 0] = address.split('.').map(Number);
  return (
    first === 0 ||
    first === 10 ||
    first === 127 ||
    first >= 224 ||
    (first === 100 && second >= 64 && second < 128) ||
    (first === 169 && second === 254) ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168)
  );
}

/** The IPv4 address inside `::ffff:a.b.c.d`, `::ffff:7f00:1`, or the NAT64 prefix `64:ff9b::`. */
function mappedV4(address: string): string | undefined {
  const dotted = /^(?:::ffff:|64:ff9b::)(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
