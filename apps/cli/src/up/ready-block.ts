export interface ReadyFacts {
  readonly urls: readonly string[];
  readonly workers: number;
  /** One sentence: which and why. */
  readonly variant: string;
  readonly engine: string;
  readonly redis: string;
  readonly logs: string;
  readonly data: string;
}

const EXAMPLE_MODEL = 'ai/smollm2';

/** What a person needs to know once everything is up. */
export function readyBlock(facts: ReadyFacts): string {
  const [url = ''] = facts.urls;
  const chat = JSON.stringify({
    model: EXAMPLE_MODEL,
    stream: true,
    messages: [{ role: 'user', content: 'Why is the sea salt?' }],
  });
  return [
    '',
    'Longshore is ready.',
    '',
    `  URL      ${facts.urls.join('  ')}`,
    `  Workers  ${facts.workers} (${facts.variant})`,
    `  Engine   ${facts.engine}`,
    `  Redis    ${facts.redis}`,
    `  Logs     ${facts.logs}`,
    `  Data     ${facts.data}`,
    '',
    'Pull a model:',
    `  curl ${url}/models/create -H 'Content-Type: application/json' -d '${JSON.stringify({ from: EXAMPLE_MODEL })}'`,
    'Chat with it:',
    `  curl -N ${url}/v1/chat/completions -H 'Content-Type: application/json' -d '${chat}'`,
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}
