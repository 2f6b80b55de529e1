// Stands in for a gateway or a worker: listens when it has a port, says that it is ready, ends as they must.
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

const role = process.env.LONGSHORE_PORT ? 'gateway' : 'worker';
const record = process.env.STUB_RECORD;
const note = (what) => record && appendFileSync(join(record, 'notes'), `${role} ${what} ${process.pid}\n`);

if (process.env.STUB_FAIL === role) {
  console.error('the stub was told to fail');
  process.exit(3);
}
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => {
  note('drains');
  if (process.env.STUB_STUBBORN !== role) process.exit(0);
});
const ready = () => {
  note('started');
  console.log(`stub ${role} speaks`);
  process.send({ type: 'ready' });
};
if (role === 'gateway') {
  const server = createServer((_request, response) => response.end('Docker Model Runner is running'));
  server.listen(Number(process.env.LONGSHORE_PORT), process.env.LONGSHORE_HOST, ready);
} else {
  setInterval(() => undefined, 60_000);
  ready();
}
