import { flagsOf } from './flag-list.js';
import {
  choice,
  DECIMAL,
  either,
  FINITE,
  FINITE_ABOVE_ZERO,
  type FlagValue,
  integer,
  LONG,
} from './flag-value.js';

const INTEGERS = `
  -t --threads -tb --threads-batch --threads-http --cpu-strict-batch --poll-batch -c --ctx-size
  -n --predict --n-predict --keep -b --batch-size -ub --ubatch-size --top-k --dry-allowed-length --mirostat
  -mg --main-gpu -fitc --fit-ctx -cram --cache-ram --cache-reuse --yarn-orig-ctx --image-min-tokens --image-max-tokens
  -td --threads-draft --spec-draft-threads -tbd --threads-batch-draft --spec-draft-threads-batch --spec-draft-n-min`;

const EXPERT_LAYERS = '-ncmoe --n-cpu-moe -ncmoed --n-cpu-moe-draft --spec-draft-n-cpu-moe';
/** The program makes something of each of so many layers before it looks at the model, which has far fewer. */
const MOST_LAYERS = 10_000;

const COUNTS_OR_ALL = '--repeat-last-n --dry-penalty-last-n --reasoning-budget';

const DECIMALS = `
  --temp --temperature --top-p --min-p --top-nsigma --xtc-probability --xtc-threshold --typical --dry-multiplier --dry-base --mirostat-lr --mirostat-ent --dynatemp-range --dynatemp-exp
  -sps --slot-prompt-similarity --rope-scale --rope-freq-base --rope-freq-scale --yarn-ext-factor --yarn-attn-factor
  --yarn-beta-slow --yarn-beta-fast --spec-draft-p-min --draft-p-min --draft-p-split --spec-draft-p-split`;

const CACHE_TYPE_FLAGS = `
  -ctk --cache-type-k -ctv --cache-type-v -ctkd --cache-type-k-draft --spec-draft-type-k
  -ctvd --cache-type-v-draft --spec-draft-type-v`;
const CACHE_TYPES = ['f32', 'f16', 'bf16', 'q8_0', 'q4_0', 'q4_1', 'iq4_nl', 'q5_0', 'q5_1'];

const LAYERS = `
  -ngl --gpu-layers --n-gpu-layers -ngld --gpu-layers-draft --n-gpu-layers-draft --spec-draft-ngl`;

const ON_OR_OFF = ['enabled', 'true', '1', 'disabled', 'false', '0'];

/**
 * What llama-server reads as a value of its flags: what it would end itself for is refused before it is started, and no
 * more than that. Flags that are not here are its own to judge.
 */
export const LLAMA_CPP_VALUES: ReadonlyMap<string, FlagValue> = new Map([
  ...each(INTEGERS, integer()),
  ...each(EXPERT_LAYERS, integer(0, MOST_LAYERS)),
  ...each('--spec-draft-n-max', integer(0)),
  ...each(COUNTS_OR_ALL, integer(-1)),
  ...each('-s --seed --poll --cpu-strict', LONG),
  ...each('--prio', integer(-1, 3)),
  ...each('--prio-batch', integer(0, 3)),
  ...each('-np --parallel', either(integer(1), integer(undefined, -1), 'a whole number from 1, or -1')),
  ...each('--sleep-idle-seconds', either(integer(1), integer(-1, -1), 'a whole number from 1, or -1')),
  ...each(LAYERS, either(integer(), choice(['auto', 'all']))),
  ...each(DECIMALS, DECIMAL),
  ...each('--presence-penalty --frequency-penalty', FINITE),
  ...each('--repeat-penalty', FINITE_ABOVE_ZERO),
  // Once it was on when it was there at all.
  ...each('-fa --flash-attn', {
    ...choice(['on', 'off', 'auto'], [...ON_OR_OFF, '-1']),
    optional: true,
  }),
  ...each('-fit --fit', choice(['on', 'off'], ON_OR_OFF)),
  ...each(CACHE_TYPE_FLAGS, choice(CACHE_TYPES)),
  ...each('-sm --split-mode', choice(['none', 'layer', 'row', 'tensor'])),
  ...each('--rope-scaling', choice(['none', 'linear', 'yarn'])),
  ...each('--pooling', choice(['none', 'mean', 'cls', 'last', 'rank'])),
  ...each('--reasoning-format', choice(['none', 'auto', 'deepseek', 'deepseek-legacy'])),
]);

function each(flags: string, value: FlagValue): (readonly [string, FlagValue])[] {
  return [...flagsOf(flags)].map((flag) => [flag, value] as const);
}
