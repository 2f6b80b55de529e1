import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_TRANSFER } from '#models';
import { makeTemporaryFolder, startRegistry } from '#testing';
import type { Line } from '../report/line.js';
import { type Contender, contenders, missing, OURS, type Transfer } from './contenders.js';
import { fetchedAgain } from './fetched-again.js';
import { type RandomArtifact, writeRandomArtifact } from './random-artifact.js';
import type { TransferCost } from './run-program.js';
import { refetchLine, transferLines } from './transfer-lines.js';
import type { Direction, TransferRun } from './transfer-run.js';

export interface DistributionReport {
  readonly lines: readonly Line[];
  readonly transfers: readonly TransferRun[];
  readonly notes: readonly string[];
}

const MEBIBYTE = 1024 * 1024;
const FULL = { size: 1024 * MEBIBYTE, rounds: 3 };
const QUICK = { size: 256 * MEBIBYTE, rounds: 1 };

/** The file, the registry's blob, an upload under way, what a contender fetches, and one to spare. */
const COPIES = 5;

/**
 * Pulls and pushes one large blob against a registry on this machine, in turn with other programs, each transfer in a
 * process of its own.
 */
export async function measureDistribution(
  quick: boolean,
  say: (progress: string) => void,
): Promise<DistributionReport> {
  const { size, rounds } = quick ? QUICK : FULL;
  const folder = await makeTemporaryFolder('distribution');
  try {
    const { bavail, bsize } = await statfs(folder.path);
    if (bavail * bsize < COPIES * size) {
      const [free, wanted] = [bavail * bsize, COPIES * size].map((bytes) => Math.round(bytes / MEBIBYTE));
      const note = `Distribution was not measured: ${folder.path} has ${free} MiB free and it needs ${wanted}.`;
      return { lines: [], transfers: [], notes: [note] };
    }
    say(`A blob of ${size / MEBIBYTE} MiB goes to and fro.`);
    return await measure(folder.path, { size, rounds });
  } finally {
    await folder.remove();
  }
}

async function measure(folder: string, { size, rounds }: typeof FULL): Promise<DistributionReport> {
  const model = await writeRandomArtifact(join(folder, 'random.bin'), size);
  const registry = await startRegistry();
  try {
    const course = new Course(folder, model, registry.host);
    // Publishes what is pulled afterwards, and is not counted: the first to push finds a registry without the blob.
    await course.run(OURS, 'push', 'bench/pulled');
    const transfers: TransferRun[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const direction of ['pull', 'push'] as const) {
        for (const contender of turned(contenders(), round)) {
          const cost =
            direction === 'pull'
              ? await course.run(contender, 'pull', 'bench/pulled')
              : await pushToEmpty(contender, { folder, model });
          transfers.push({ direction, contender: contender.name, round, cost });
        }
      }
    }
    const again = await course.within(fetchedAgain, 'bench/pulled');
    const limit = DEFAULT_TRANSFER.segmentSize * DEFAULT_TRANSFER.connectionsPerBlob;
    const lines = [...transferLines(transfers, size), refetchLine(again, limit)];
    return { lines, transfers, notes: missing() };
  } finally {
    await registry.stop();
  }
}

/**
 * Pushes to a registry that has nothing and that nobody has met before: skopeo remembers where it has seen a blob and has
 * the registry mount it from there.
 */
async function pushToEmpty(
  contender: Contender,
  { folder, model }: { readonly folder: string; readonly model: RandomArtifact },
): Promise<TransferCost> {
  const registry = await startRegistry();
  try {
    return await new Course(folder, model, registry.host).run(contender, 'push', 'bench/pushed');
  } finally {
    await registry.stop();
  }
}

/** Where transfers run: each gets an empty folder that goes with it. */
class Course {
  constructor(
    private readonly parent: string,
    private readonly model: RandomArtifact,
    private readonly registry: string,
  ) {}

  run(contender: Contender, direction: Direction, repository: string): Promise<TransferCost> {
    return this.within((transfer) => contender[direction](transfer), repository);
  }

  async within<T>(work: (transfer: Transfer) => Promise<T>, repository: string): Promise<T> {
    const folder = join(this.parent, 'transfer');
    await mkdir(folder);
    try {
      const { model, registry } = this;
      return await work({ model, registry, repository, folder });
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}

/** So that nobody is always first. */
function turned<T>(all: readonly T[], by: number): readonly T[] {
  const first = by % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
