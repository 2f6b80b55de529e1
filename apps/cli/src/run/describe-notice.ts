import { humanSize } from '../output/units.js';

const STAGES: Readonly<Record<string, string>> = {
  fetching: 'Fetching the model',
  starting: 'Starting the engine',
  loading: 'Loading the model',
};

/** A comment of a stream that waits, such as `queued position=3 eta=4.2s`, for a person; as it is when it is a new one. */
export function describeNotice(comment: string): string {
  const [state = '', ...pairs] = comment.trim().split(/\s+/);
  const values = new Map(pairs.map((pair) => pair.split('=', 2) as [string, string]));
  switch (state) {
    case 'queued': {
      const eta = values.get('eta');
      const place = `Waiting in the queue, number ${values.get('position') ?? '?'}`;
      return eta === undefined ? `${place} …` : `${place}, about ${eta} …`;
    }
    case 'loading': {
      const words = STAGES[values.get('stage') ?? ''] ?? 'Loading the model';
      return `${words}${describeBytes(values)} …`;
    }
    case 'running':
      return 'Reading the prompt …';
    case 'waiting':
      return 'Waiting for a worker …';
    case 'reconnecting':
      return 'The cluster does not answer; trying again …';
    default:
      return comment.trim();
  }
}

function describeBytes(values: ReadonlyMap<string, string>): string {
  const completed = Number(values.get('completed'));
  const total = Number(values.get('total'));
  if (!(completed >= 0)) return '';
  return total > 0 ? `, ${humanSize(completed)} of ${humanSize(total)}` : `, ${humanSize(completed)}`;
}
