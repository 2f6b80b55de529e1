/** Where a session answers the OpenAI HTTP API: a unix socket or a loopback port. No key, no TLS. */
export type Endpoint = { readonly socketPath: string } | { readonly host: string; readonly port: number };
