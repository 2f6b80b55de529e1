import { LongshoreError } from '#contracts';

/**
 * Members of a body by which an engine would open a file or a connection, or run what it is sent, and why. Engines take
 * them at the top of the body only.
 */
const REFUSED: Readonly<Record<string, string>> = {
  kv_transfer_params: 'names hosts that the engine connects to',
  ec_transfer_params: 'names hosts that the engine connects to',
  bootstrap_host: 'names a host that the engine connects to',
  bootstrap_port: 'names a host that the engine connects to',
  bootstrap_room: 'belongs to a host that the engine connects to',
  disagg_prefill_dp_rank: 'belongs to a host that the engine connects to',
  lora_path: 'names a file of the engine',
  lora_request: 'names a file of the engine',
  mm_processor_kwargs: 'can name files of the engine',
  media_io_kwargs: 'can name files of the engine',
  chat_template: 'is a program that the engine would run; the model has one of its own',
  custom_logit_processor: 'is a program that the engine would run',
  logits_processors: 'names a program that the engine would run',
  vllm_xargs: 'reaches programs inside the engine',
  prompt_embeds: 'is unpacked by the engine without a check',
  input_embeds: 'is unpacked by the engine without a check',
  session_params: 'reaches the sessions of others',
};

/** What any body must contain that has one of them, unless its letters are escaped. */
export const REFUSED_NAMES: readonly string[] = Object.keys(REFUSED);

/** @throws LongshoreError that names the member */
export function refuseForeignMembers(body: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(body)) {
    if (!Object.hasOwn(REFUSED, name) || value === null || value === undefined) continue;
    throw new LongshoreError('invalid_request', `"${name}" is not taken: it ${REFUSED[name]}.`, name);
  }
}
