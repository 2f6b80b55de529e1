import { describe, expect, it } from 'vitest';
import { chooseParsers } from './parsers.js';

const any: ReadonlySet<string> = new Set();

describe('chooseParsers', () => {
  it.each([
    ['qwen2', '{"name": <function-name>} <tool_call>', { toolCall: 'hermes' }],
    ['qwen3', "<tool_call> {%- if '</think>' in content %}", { toolCall: 'hermes', reasoning: 'qwen3' }],
    ['qwen3_moe', '<tool_call>\n<function=example>', { toolCall: 'qwen3_coder' }],
    ['qwen2', '<｜Assistant｜><think>\\n', { reasoning: 'deepseek_r1' }],
    ['llama', "'<|python_tag|>'", { toolCall: 'llama3_json' }],
    ['mistral', '[AVAILABLE_TOOLS] [TOOL_CALLS]', { toolCall: 'mistral' }],
    ['gpt_oss', '<|channel|>', { toolCall: 'openai', reasoning: 'openai_gptoss' }],
    ['glm4_moe', '<tool_call> <arg_key> </think>', { toolCall: 'glm45', reasoning: 'glm45' }],
    ['deepseek_v3', '<｜tool▁calls▁begin｜> ```json', { toolCall: 'deepseek_v3' }],
  ])('knows the family %s by %j', (modelType, chatTemplate, expected) => {
    expect(chooseParsers({ modelType, chatTemplate }, any)).toEqual(expected);
  });

  it('leaves the text of a family it does not know as it is', () => {
    expect(chooseParsers({ modelType: 'new', chatTemplate: '{{ messages }}' }, any)).toEqual({});
  });

  it('takes the next best parser where the installed program lacks the best', () => {
    const model = { modelType: 'qwen3', chatTemplate: '<tool_call>\n<function=example>' };
    expect(chooseParsers(model, new Set(['hermes']))).toEqual({ toolCall: 'hermes' });
    expect(chooseParsers(model, new Set(['mistral']))).toEqual({});
  });
});
