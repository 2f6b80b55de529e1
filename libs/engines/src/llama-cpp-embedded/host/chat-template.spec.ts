import { describe, expect, it } from 'vitest';
import { ChatTemplate } from './chat-template.js';
import { readConversation } from './conversation.js';

function render(template: string | undefined, messages: unknown, more: object = {}): string {
  const source = { template, beginOfText: '<s>', endOfText: '</s>' };
  const conversation = readConversation(messages);
  return new ChatTemplate(source).render({ conversation, addGenerationPrompt: true, ...more });
}

const hi = [{ role: 'user', content: 'hi' }];

describe('ChatTemplate', () => {
  it('renders messages, special tokens and the generation prompt', () => {
    const template =
      '{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}[me]{% endif %}';
    expect(render(template, hi)).toBe('<s>[user]hi</s>[me]');
    expect(render(template, hi, { addGenerationPrompt: false })).toBe('<s>[user]hi</s>');
  });

  it('hands tools and variables of the caller to the template', () => {
    const template =
      '{% if tools %}{{ tools | tojson }}{% endif %}{% if enable_thinking is defined %}{{ enable_thinking }}{% endif %}';
    expect(render(template, hi)).toBe('');
    expect(render(template, hi, { tools: [1], variables: { enable_thinking: false } })).toBe('[1]false');
  });

  it('lets no variable of the caller replace the messages', () => {
    expect(render('{{ messages[0].content }}', hi, { variables: { messages: [] } })).toBe('hi');
  });

  it.each([
    ['hermes', '<tool_call>{{ tools }}</tool_call>'],
    ['unknown', '{{ tools }}<tool_call><function=f></function></tool_call>'],
    ['mistral', '{{ tools }}[TOOL_CALLS]'],
    ['mistral-args', '{{ tools }}[TOOL_CALLS][ARGS]'],
    ['llama-3', '<|start_header_id|>{{ tools }}'],
    ['deepseek', '<｜tool▁calls▁begin｜>```json'],
    ['deepseek-v3.1', '<｜tool▁calls▁begin｜>'],
    ['generic', undefined],
  ])('knows that calls are written as %s by %j', (name, template) => {
    const source = { template, beginOfText: '', endOfText: '' };
    expect(new ChatTemplate(source).callFormat.name).toBe(name);
  });

  it('tells a model of its tools where the template does not, with past calls and results as text', () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
    const messages = [...hi, { role: 'assistant', tool_calls: [call] }, { role: 'tool', content: '42' }];
    const told = render(undefined, messages, { tools: [{ function: { name: 'f' } }] });
    expect(told).toContain('system\nYou may call these functions:\n{"function":{"name":"f"}}');
    expect(told).toContain('assistant\n{"name":"f","arguments":{"a":1}}');
    expect(told).toContain('user\nThe function returned: 42');
  });

  it('expects reasoning from a model whose template knows it, and sees when the prompt has begun it', () => {
    const reading = (template: string, prompt: string, splitReasoning = true) =>
      new ChatTemplate({ template, beginOfText: '', endOfText: '' }).readingOf(prompt, {
        splitReasoning,
        tools: [],
        parallelCalls: true,
      }).reasoning;
    expect(reading('<think>{{ 1 }}</think>', 'user: hi')).toBe('possible');
    expect(reading('<think>{{ 1 }}</think>', 'assistant: <think>\n')).toBe('opened');
    expect(reading('<think>{{ 1 }}</think>', 'assistant: <think>\n', false)).toBe('none');
    expect(reading('{{ 1 }}', 'user: hi')).toBe('none');
    expect(reading('<|start|>x<|channel|>', 'user: hi')).toBe('harmony');
  });

  it('puts the beginning of the answer after the generation prompt', () => {
    const messages = [...hi, { role: 'assistant', content: 'Well' }];
    expect(render('{{ messages | length }}>', messages)).toBe('1>Well');
  });

  it('uses ChatML for a model that brings no template', () => {
    expect(render(undefined, hi)).toBe('<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n');
  });

  it("passes the template's own refusal on", () => {
    expect(() => render("{{ raise_exception('roles must alternate') }}", hi)).toThrow(
      "The model's chat template refused the messages: roles must alternate",
    );
  });

  it('says so when it cannot read the template', () => {
    expect(() => render('{% for %}', hi)).toThrow(/does not understand this model's chat template/);
  });
});
