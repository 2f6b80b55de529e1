/** A model that was found; the names are those of the Model Runner's own search. */
export interface FoundModel {
  /** What can be pulled, on Hugging Face without `hf.co/`. */
  readonly Name: string;
  readonly Description: string;
  readonly Downloads: number;
  readonly Stars: number;
  readonly Source: 'Docker Hub' | 'HuggingFace';
  readonly Official: boolean;
  readonly UpdatedAt: string;
  /** Engine that runs it: `llama.cpp`, `vllm`, both, or `unknown`. */
  readonly Backend: string;
  /** Bytes; 0 = not known. */
  readonly Size: number;
}

/** Where to look, and for what. */
export interface HubSearch {
  /** Empty = anything. */
  readonly term: string;
  readonly limit: number;
  /** Fetches a JSON document. */
  readonly fetchJson: (url: string) => Promise<unknown>;
  /** Without a slash at its end. */
  readonly baseUrl: string;
}
