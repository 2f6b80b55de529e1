export interface ReadyFacts {
  readonly urls: readonly string[];
  readonly workers: number;
  /** One sentence: which and why. */
  readonly variant: string;
  readonly engine: string;
  readonly redis: string;
  readonly logs: string;
  readonly data: string;
  /** Unix sockets that gateways listen on instead of their ports; none where they do not. */
  readonly sockets: readonly string[];
  /** Whether requests need an API key. */
  readonly keys: boolean;
}

const EXAMPLE_MODEL = 'ai/smollm2';

/** What a person needs to know once everything is up. */
export function readyBlock(facts: ReadyFacts): string {
  const [socket] = facts.sockets;
  const [first = ''] = facts.urls;
  const places = socket === undefined ? facts.urls : facts.sockets.map((path) => `unix://${path}`);
  const url = socket === undefined ? first : 'http://localhost';
  const way = socket === undefined ? '' : ` --unix-socket ${socket}`;
  const key = facts.keys ? ' -H "Authorization: Bearer $LONGSHORE_ADMIN_KEY"' : '';
  const headers = `${key} -H 'Content-Type: application/json'`;
  const chat = JSON.stringify({
    model: EXAMPLE_MODEL,
    stream: true,
    messages: [{ role: 'user', content: 'Why is the sea salt?' }],
  });
  return [
    '',
    'Longshore is ready.',
    '',
    `  URL      ${places.join('  ')}`,
    `  Workers  ${facts.workers} (${facts.variant})`,
    `  Engine   ${facts.engine}`,
    `  Redis    ${facts.redis}`,
    `  Logs     ${facts.logs}`,
    `  Data     ${facts.data}`,
    '',
    'Pull a model:',
    `  curl${way} ${url}/models/create${headers} -d '${JSON.stringify({ from: EXAMPLE_MODEL })}'`,
    'Chat with it:',
    `  curl -N${way} ${url}/v1/chat/completions${headers} -d '${chat}'`,
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}
