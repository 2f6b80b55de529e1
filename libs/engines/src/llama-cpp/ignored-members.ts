/** Members of the OpenAI API that llama-server leaves out without a word, by route; and what the caller is told. */
const IGNORED: Readonly<Record<string, Readonly<Record<string, Ignored>>>> = {
  '/v1/completions': {
    echo: { asks: (value) => value === true, why: 'llama.cpp does not repeat the prompt.' },
    suffix: {
      asks: (value) => typeof value === 'string' && value !== '',
      why: 'llama.cpp only goes on at the end of a text.',
    },
  },
  '/v1/embeddings': {
    dimensions: {
      asks: (value) => value !== undefined && value !== null,
      why: 'llama.cpp gives embeddings in the size of their model; leave it out.',
    },
  },
};

interface Ignored {
  /** Whether a value asks for something. */
  readonly asks: (value: unknown) => boolean;
  readonly why: string;
}

/** Why a request must be refused: it asks for what llama-server would ignore, and answer something else. */
export function ignoredMember(route: string, request: Readonly<Record<string, unknown>>): string | undefined {
  const members = Object.entries(IGNORED[route] ?? {});
  const found = members.find(([name, { asks }]) => Object.hasOwn(request, name) && asks(request[name]));
  return found && `'${found[0]}' is not supported: ${found[1].why}`;
}
