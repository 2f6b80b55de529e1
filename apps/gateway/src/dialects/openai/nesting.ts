/** Whether parsed JSON has values within more than `limit` objects and arrays. Looks at one level after the other. */
export function isDeeperThan(limit: number, data: unknown): boolean {
  let level = containersIn([data]);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= limit) return true;
    level = level.flatMap((container) => containersIn(Object.values(container)));
  }
  return false;
}

function containersIn(values: readonly unknown[]): object[] {
  return values.filter((value): value is object => typeof value === 'object' && value !== null);
}
