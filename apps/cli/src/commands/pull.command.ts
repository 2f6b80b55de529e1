import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';
import { registryToken } from './registry-token.js';
import { followTransfer } from './transfer.js';

interface PullOptions {
  readonly json?: boolean;
}

export function declare(command: Command, act: Act): void {
  command
    .argument('<model>', 'reference of the model, such as smollm2, ai/qwen3:8B or hf.co/org/repo:Q4_K_M')
    .option('--json', 'print the progress as one JSON object a line')
    .action(act(pull));
  addExamples(command, [
    ['longshore pull smollm2', 'from Docker Hub, ai/smollm2:latest'],
    ['longshore pull hf.co/Qwen/Qwen3-0.6B-GGUF:Q8_0', 'from Hugging Face, in this quantization'],
    ['longshore pull registry.example/team/model:1', 'from any other registry'],
  ]);
  command.addHelpText('after', '\nThe pull goes on in the cluster when this command is interrupted.');
}

async function pull(context: CommandContext, model: string, { json = false }: PullOptions): Promise<void> {
  const body = { from: model, ...registryToken(model, context.config.huggingFaceToken) };
  const request = { method: 'POST', path: '/models/create', json: body } as const;
  await followTransfer(context, { mode: 'pull', request, json });
}
