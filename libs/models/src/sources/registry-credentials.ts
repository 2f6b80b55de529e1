/** A user of one registry: by name and password, or by a token that is exchanged for others. */
export type RegistryCredentials =
  { readonly username: string; readonly password: string } | { readonly identityToken: string };

export function basicAuthorization({
  username,
  password,
}: Extract<RegistryCredentials, { username: string }>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
