/** A number to build towards. */
export interface Target {
  readonly limit: number;
  readonly is: 'at most' | 'at least';
}

/** One line of the report. Absent numbers were not measured in this line; NaN could not be. */
export interface Line {
  readonly section: string;
  readonly what: string;
  readonly result: number;
  readonly unit: string;
  /** Cluster ÷ direct. */
  readonly ratio?: number;
  readonly direct?: number;
  readonly cluster?: number;
  readonly target?: Target;
  /** Cores that others used meanwhile. */
  readonly foreign?: number;
}

export function atMost(limit: number): Target {
  return { limit, is: 'at most' };
}

export function atLeast(limit: number): Target {
  return { limit, is: 'at least' };
}

export function meets(result: number, { limit, is }: Target): boolean {
  return is === 'at most' ? result <= limit : result >= limit;
}
