const HEX = '[0-9A-Fa-f]';
const YEAR_OF_29_FEBRUARY = '(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)';
const DAY_OF_ANY_YEAR =
  '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))';
const DATE = `(?:\\d{4}-${DAY_OF_ANY_YEAR}|${YEAR_OF_29_FEBRUARY}-02-29)`;
const CLOCK = '(?:[01]\\d|2[0-3]):[0-5]\\d';
const TIME = `${CLOCK}:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${CLOCK})`;
const SPAN_OF_TIME = 'T(?:\\d{1,6}H(?:\\d{1,6}M(?:\\d{1,6}S)?)?|\\d{1,6}M(?:\\d{1,6}S)?|\\d{1,6}S)';
const SPAN_OF_DAYS = '(?:\\d{1,6}Y(?:\\d{1,6}M(?:\\d{1,6}D)?)?|\\d{1,6}M(?:\\d{1,6}D)?|\\d{1,6}D)';
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,40}[A-Za-z0-9])?';
const HOST = `${LABEL}(?:\\.${LABEL}){0,4}`;
const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]\\d|\\d)';
const PATH_CHARACTER = `(?:[A-Za-z0-9._~!$&()*+,;=:@-]|%${HEX}{2})`;
const MAIL_ATOM = '[A-Za-z0-9_+-]{1,40}';

/** Regular expressions for the formats that a grammar can keep; each matches values of the format only. */
export const STRING_FORMATS: Readonly<Record<string, string>> = {
  date: DATE,
  time: TIME,
  'date-time': `${DATE}T${TIME}`,
  duration: `P(?:\\d{1,6}W|${SPAN_OF_DAYS}(?:${SPAN_OF_TIME})?|${SPAN_OF_TIME})`,
  uuid: `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`,
  email: `${MAIL_ATOM}(?:\\.${MAIL_ATOM}){0,3}@${LABEL}(?:\\.${LABEL}){1,4}`,
  hostname: HOST,
  ipv4: `${BYTE}(?:\\.${BYTE}){3}`,
  ipv6: ipv6(),
  uri: `[a-z][a-z0-9+.-]{0,20}://${HOST}(?::\\d{1,5})?(?:/${PATH_CHARACTER}*)*(?:\\?${PATH_CHARACTER}*)?(?:#${PATH_CHARACTER}*)?`,
  byte: '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?',
};

/** Formats that say something about a string which any string satisfies. */
export const FREE_FORMATS: readonly unknown[] = ['password', 'binary'];

/** Eight groups, or fewer on both sides of one "::". */
function ipv6(): string {
  const group = `${HEX}{1,4}`;
  const groups = (most: number): string => (most === 0 ? '' : `(?:${group}(?::${group}){0,${most - 1}})?`);
  const shortened = [0, 1, 2, 3, 4, 5, 6].map((left) => {
    const before = left === 0 ? '' : `${group}(?::${group}){${left - 1}}`;
    return `${before}::${groups(6 - left)}`;
  });
  return `(?:${group}(?::${group}){7}|${shortened.join('|')})`;
}
