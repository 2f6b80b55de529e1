const UNCLEAN = /\/(?:\/|\.{1,2}(?:[/?#]|$))/;

/**
 * A request target whose path is read as the Model Runner reads it: without empty segments and `.`, and with `..` taking
 * the segment before it away. What stands behind `?` or `#` is left alone.
 */
export function cleanPath(target: string): string {
  if (!target.startsWith('/') || !UNCLEAN.test(target)) return target;
  const end = target.search(/[?#]/);
  const path = end < 0 ? target : target.slice(0, end);
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}${end < 0 ? '' : target.slice(end)}`;
}
