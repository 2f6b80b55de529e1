/** Where a session answers the OpenAI HTTP API: a unix socket, or a port of this machine without key and TLS. */
export type Endpoint = { readonly socketPath: string } | { readonly host: string; readonly port: number };
