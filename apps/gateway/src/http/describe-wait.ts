import type { LoadEvent } from '#contracts';
import type { Whereabouts } from '../completions/whereabouts.js';

const MIB = 1024 * 1024;

/** Why a request is not answered yet, in a sentence for people. */
export function describeWait(place: Whereabouts, load: LoadEvent | undefined): string {
  if (place.state === 'queued') return `Waiting in the queue: ${placeInQueue(place)}.`;
  if (place.state === 'loading') return describeLoad(load);
  return place.state === 'running' ? 'Reading the prompt…' : 'Waiting for a worker…';
}

function placeInQueue({ position, eta }: Extract<Whereabouts, { readonly state: 'queued' }>): string {
  const ahead = position === 1 ? 'next in line' : `number ${position} in line`;
  return eta === undefined ? ahead : `${ahead}, about ${Math.max(1, Math.round(eta))} s to go`;
}

function describeLoad(load: LoadEvent | undefined): string {
  if (load?.stage === 'starting') return 'Loading the model…';
  if (load?.stage !== 'fetching') return 'Waiting for the model to load…';
  const { completed = 0, total } = load;
  const size = total === undefined ? '' : ` of ${inMib(total)}`;
  return `Fetching the model: ${inMib(completed)}${size} MiB.`;
}

function inMib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
