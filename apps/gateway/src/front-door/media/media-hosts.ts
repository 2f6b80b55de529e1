import { BlockList, isIP } from 'node:net';

/** Networks that only this machine or its neighbours reach; also addresses that clouds tell secrets at. */
const PRIVATE_NETWORKS: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

const PRIVATE = privateNetworks();

/** Names that lead to this machine or its neighbours whatever a name server says. */
const PRIVATE_NAME = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|arpa)\.?$/;

/** Hosts that engines may fetch images, audio and video of a request from. */
export class MediaHosts {
  private readonly exact: ReadonlySet<string>;
  /** `.example` of `*.example`. */
  private readonly suffixes: readonly string[];
  private readonly anyPublic: boolean;

  /** @param listed hosts, `*.<domain>` for all below a domain, `*` for all that are public */
  constructor(listed: readonly string[]) {
    const hosts = listed.map((host) => host.toLowerCase());
    this.anyPublic = hosts.includes('*');
    this.suffixes = hosts.filter((host) => host.startsWith('*.')).map((host) => host.slice(1));
    this.exact = new Set(hosts.filter((host) => !host.includes('*')));
  }

  /** @param host as `URL` has it: lower case, numbers of an IPv4 address in the usual form */
  allows(host: string): boolean {
    if (this.exact.has(host)) return true;
    if (isPrivate(host)) return false;
    return this.anyPublic || this.suffixes.some((suffix) => host.endsWith(suffix));
  }
}

function isPrivate(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const version = isIP(address);
  if (version === 0) return PRIVATE_NAME.test(host) || !host.includes('.');
  return version === 4 ? PRIVATE.ipv4.check(address, 'ipv4') : PRIVATE.ipv6.check(address, 'ipv6');
}

/** One list for each version: a list takes addresses of version 4 for the same in version 6. */
function privateNetworks(): Readonly<Record<'ipv4' | 'ipv6', BlockList>> {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const network of PRIVATE_NETWORKS) {
    const [address = '', prefix] = network.split('/');
    const version = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    lists[version].addSubnet(address, Number(prefix), version);
  }
  return lists;
}
