import { link, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isInstalled, runProgram, runTransfer, type TransferCost } from './run-program.js';
import type { RandomArtifact } from './random-artifact.js';
import { writeArtifact } from './written-artifact.js';

/** One of those that are measured beside each other. */
export interface Contender {
  readonly name: string;
  /** Fetches the model, or its blob, into a folder that is empty. */
  readonly pull: (transfer: Transfer) => Promise<TransferCost>;
  /** Sends the model, or its blob, to a registry that has nothing yet. The folder is empty. */
  readonly push: (transfer: Transfer) => Promise<TransferCost>;
}

export interface Transfer {
  readonly model: RandomArtifact;
  /** `127.0.0.1:<port>` */
  readonly registry: string;
  readonly repository: string;
  readonly folder: string;
}

export const OURS: Contender = {
  name: 'ours',
  pull: ({ folder, registry, repository }) => runTransfer('pull', folder, `${registry}/${repository}:1`),
  async push({ model, folder, registry, repository }) {
    const description = join(folder, 'artifact.json');
    await writeFile(description, writeArtifact(model.artifact));
    return runTransfer('push', description, `${registry}/${repository}:1`);
  },
};

const CURL: Contender = {
  name: 'curl',
  pull({ model, folder, registry, repository }) {
    const url = `http://${registry}/v2/${repository}/blobs/${model.digest}`;
    return runProgram('curl', ['-sSf', '-o', join(folder, 'blob'), url]);
  },
  async push({ model, registry, repository }) {
    const base = `http://${registry}/v2/${repository}/blobs/uploads/`;
    const begun = await fetch(base, { method: 'POST' });
    const target = new URL(begun.headers.get('location') ?? '', base);
    target.searchParams.set('digest', model.digest);
    return runProgram('curl', ['-sSf', '-H', 'Expect:', '-T', model.file, target.href]);
  },
};

const SKOPEO: Contender = {
  name: 'skopeo',
  pull({ folder, registry, repository }) {
    const source = ['--src-tls-verify=false', `docker://${registry}/${repository}:1`];
    return runProgram('skopeo', [...COPY, ...source, `dir:${folder}`]);
  },
  async push({ model, folder, registry, repository }) {
    await writeDirectory(model, folder);
    const target = ['--dest-tls-verify=false', `dir:${folder}`, `docker://${registry}/${repository}:1`];
    return runProgram('skopeo', [...COPY, ...target]);
  },
};
const COPY = ['--insecure-policy', 'copy', '--quiet', '--preserve-digests'];

/** Those this machine has, ourselves first. */
export function contenders(): readonly Contender[] {
  return [OURS, ...[CURL, SKOPEO].filter(({ name }) => isInstalled(name))];
}

/** Sentences about those it has not. */
export function missing(): readonly string[] {
  return [CURL, SKOPEO]
    .filter(({ name }) => !isInstalled(name))
    .map(({ name }) => `${name} is not installed, so transfers were not compared with it.`);
}

/** The layout that skopeo calls `dir:`. */
async function writeDirectory({ file, artifact }: RandomArtifact, folder: string): Promise<void> {
  await writeFile(join(folder, 'version'), 'Directory Transport Version: 1.1\n');
  await writeFile(join(folder, 'manifest.json'), artifact.manifest);
  for (const { descriptor, content } of artifact.blobs) {
    const place = join(folder, descriptor.digest.slice('sha256:'.length));
    if (typeof content === 'string') await link(file, place);
    else await writeFile(place, content);
  }
}
