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

  it('knows whether it writes tool calls in the form that can be read', () => {
    const source = (template: string | undefined) => ({ template, beginOfText: '', endOfText: '' });
    const writes = (template: string | undefined) => new ChatTemplate(source(template)).writesHermesCalls;
    expect(writes('<tool_call>{{ 1 }}</tool_call>')).toBe(true);
    expect(writes('<tool_call><function=f></function></tool_call>')).toBe(false);
    expect(writes('[TOOL_CALLS]')).toBe(false);
    expect(writes(undefined)).toBe(false);
  });

  it('expects reasoning from a model whose template knows it, and sees when the prompt has begun it', () => {
    const reading = (template: string, prompt: string, splitReasoning = true) =>
      new ChatTemplate({ template, beginOfText: '', endOfText: '' }).readingOf(prompt, {
        splitReasoning,
        toolCalls: false,
      }).reasoning;
    expect(reading('<think>{{ 1 }}</think>', 'user: hi')).toBe('possible');
    expect(reading('<think>{{ 1 }}</think>', 'assistant: <think>\n')).toBe('opened');
    expect(reading('<think>{{ 1 }}</think>', 'assistant: <think>\n', false)).toBe('none');
    expect(reading('{{ 1 }}', 'user: hi')).toBe('none');
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
