import { pathOf } from '../client/gateway-client.js';
import type { Model } from '../client/wire.js';
import type { CommandContext } from '../command-context.js';
import { nameToAskBy } from '../output/model-filter.js';

/** The name by which a stored model is asked, for what the user has typed. @throws GatewayFailure also when there is none */
export async function findStored(context: CommandContext, typed: string): Promise<string> {
  const { tags = [] } = await context.client.getJson<Partial<Model>>(`/models/${pathOf(typed)}`);
  return nameToAskBy(typed, tags, context.config.defaultRegistry);
}
