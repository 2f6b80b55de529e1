import { expect, it } from 'vitest';
import { describeRedisError } from './describe-redis-error.js';

it.each([
  [
    "OOM command not allowed when used memory > 'maxmemory'. script: ab12, on @user_script:1.",
    'it has no memory left',
  ],
  ["READONLY You can't write against a read only replica.", 'it takes no writes: it is a replica'],
  ['ERR Error running script: OOM command not allowed', 'it has no memory left'],
  ['NOAUTH Authentication required.', 'it wants a password'],
  ['Connection is closed.', 'it does not answer'],
  ['Command timed out', 'it does not answer'],
  ['All sentinels are unreachable. Retrying from scratch after 20ms.', 'it does not answer'],
  [
    'Too many Cluster redirections. Last error: Error: CLUSTERDOWN Hash slot not served',
    'its cluster is down',
  ],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'its cluster is moving data between nodes'],
  ["Stream isn't writeable and enableOfflineQueue options is false", 'it does not answer'],
])('says of %j what it means and nothing of the command', (message, meaning) => {
  expect(describeRedisError(new Error(message))).toBe(meaning);
});

it('takes anything that was thrown', () => {
  expect(describeRedisError('no error')).toBe('it does not answer');
});
