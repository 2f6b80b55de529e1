import type { Flight } from '../client/flight.js';
import type { FaultRecord } from '../faults/run-faults.js';
import type { PullOutcome } from '../load/pull.js';
import { percentile } from '../../bench/measure/statistics.js';
import { isAffected, recoveryOf, stallOf } from './stalls.js';

export interface Totals {
  readonly requests: number;
  /** Begun to be answered with 200. */
  readonly accepted: number;
  readonly finished: number;
  readonly lost: number;
  readonly bytesLost: number;
  readonly bytesRepeated: number;
  readonly wrong: number;
  /** Answers 429 and 503. */
  readonly refusals: number;
  /** Requests that were never let in. */
  readonly unaccepted: number;
  /** Connections that went on with an answer. */
  readonly resumes: number;
  readonly pulls: number;
  readonly pullsLost: number;
}

/** What all faults of one kind did. Times in ms, NaN where no stream was open. */
export interface FaultScore {
  readonly name: string;
  readonly times: number;
  /** Streams that had begun and had not ended. */
  readonly streams: number;
  readonly stallP50: number;
  readonly stallP99: number;
  /** The slowest stream, from the end of the fault to its next event. */
  readonly recovery: number;
  /** The longest time from a client's hanging up to an idle engine. */
  readonly idleAfter?: number;
}

/** A request that did not go as it should. */
export interface Problem {
  readonly recipe: string;
  readonly key: string;
  readonly requestId: string | undefined;
  readonly workerId: string | undefined;
  /** Faults during its life. */
  readonly faults: readonly string[];
  readonly sentence: string;
}

export function countTotals(flights: readonly Flight[], pulls: readonly PullOutcome[]): Totals {
  const sum = (value: (flight: Flight) => number): number =>
    flights.reduce((total, flight) => total + value(flight), 0);
  const count = (is: (flight: Flight) => boolean): number => sum((flight) => Number(is(flight)));
  return {
    requests: flights.length,
    accepted: count(({ accepted }) => accepted),
    finished: count(({ end }) => end === 'finished'),
    lost: count(({ end }) => end !== 'finished' && end !== 'unaccepted'),
    bytesLost: sum((flight) => (flight.end === 'unaccepted' ? 0 : (flight.difference?.bytesLost ?? 0))),
    bytesRepeated: sum(({ difference }) => difference?.bytesRepeated ?? 0),
    wrong: count(isWrong),
    refusals: sum(({ refusals }) => refusals),
    unaccepted: count(({ end }) => end === 'unaccepted'),
    resumes: sum(({ resumes }) => resumes),
    pulls: pulls.length,
    pullsLost: pulls.filter(({ problem }) => problem !== undefined).length,
  };
}

function isWrong({ end, problem, difference }: Flight): boolean {
  return difference?.wrong === true || (end === 'finished' && problem !== undefined);
}

export function scoreFaults(
  flights: readonly Flight[],
  records: readonly FaultRecord[],
): readonly FaultScore[] {
  const names = [...new Set(records.map(({ name }) => name))].toSorted();
  return names.map((name) => {
    const same = records.filter((record) => record.name === name);
    const hits = same.flatMap((record) =>
      flights.filter((flight) => isAffected(flight, record)).map((flight) => ({ flight, record })),
    );
    const stalls = hits.map(({ flight, record }) => stallOf(flight, record));
    const recoveries = hits.map(({ flight, record }) => recoveryOf(flight, record));
    const idle = same.flatMap(({ idleAfter }) => (idleAfter === undefined ? [] : [idleAfter]));
    return {
      name,
      times: same.length,
      streams: hits.length,
      stallP50: percentile(stalls, 0.5),
      stallP99: percentile(stalls, 0.99),
      recovery: recoveries.length === 0 ? Number.NaN : Math.max(...recoveries),
      ...(idle.length === 0 ? {} : { idleAfter: Math.max(...idle) }),
    };
  });
}

export function listProblems(
  flights: readonly Flight[],
  pulls: readonly PullOutcome[],
  records: readonly FaultRecord[],
): readonly Problem[] {
  const faultsDuring = ({ startedAt, endedAt = Infinity }: Flight): string[] =>
    records.filter(({ hitAt, overAt }) => hitAt < endedAt && overAt > startedAt).map(({ name }) => name);
  const ofFlights = flights.flatMap((flight): Problem[] => {
    const { recipe, key, requestId, workerId, problem, difference, end } = flight;
    const sentence = [problem, difference?.detail].filter((part) => part !== undefined).join('; ');
    if (sentence === '' || end === 'unaccepted') return [];
    const faults = faultsDuring(flight);
    return [
      { recipe: recipe.name, key, requestId, workerId, faults, sentence: `${end ?? 'open'}: ${sentence}` },
    ];
  });
  const ofPulls = pulls.flatMap(({ reference, problem }): Problem[] =>
    problem === undefined
      ? []
      : [
          {
            recipe: 'pull',
            key: reference,
            requestId: undefined,
            workerId: undefined,
            faults: [],
            sentence: problem,
          },
        ],
  );
  return [...ofFlights, ...ofPulls];
}
