import { describe, expect, it } from 'vitest';
import { encodeMessages } from './encode-messages.js';

describe('the messages of a chat', () => {
  it('join instructions with leading system messages and keep the turns', () => {
    const items = [
      { role: 'developer', content: 'Be kind.' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Yes?' }] },
    ];
    expect(encodeMessages('Be short.', items)).toEqual([
      { role: 'system', content: 'Be short.\n\nBe kind.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Yes?' },
    ]);
  });

  it('gather what one assistant turn consists of', () => {
    const items = [
      { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Hm' }] },
      { type: 'message', role: 'assistant', content: 'Let me see.' },
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
      { type: 'function_call', call_id: 'b', name: 'g', arguments: '{}' },
      { type: 'function_call_output', call_id: 'a', output: '1' },
    ];
    expect(encodeMessages(undefined, items)).toEqual([
      {
        role: 'assistant',
        content: 'Let me see.',
        reasoning_content: 'Hm',
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: '1' },
    ]);
  });

  it('name the functions of a namespace as engines were told them', () => {
    const call = { type: 'function_call', call_id: 'a', name: 'send', namespace: 'mail', arguments: '{}' };
    expect(encodeMessages(undefined, [call])).toMatchObject([
      { tool_calls: [{ function: { name: 'mail__send' } }] },
    ]);
  });

  it('pass images on as the chat completion names them', () => {
    const content = [{ type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'low' }];
    expect(encodeMessages(undefined, [{ role: 'user', content }])).toEqual([
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } }],
      },
    ]);
  });

  it.each([
    [{ type: 'web_search_call' }, 'input[0].type'],
    [{}, 'input[0].type'],
    [{ role: 'robot', content: '' }, 'input[0].role'],
    [{ role: 'user', content: 7 }, 'input[0].content'],
    [{ role: 'user', content: [{ type: 'input_file', file_id: 'x' }] }, 'input[0].content[0].type'],
    [{ type: 'function_call', name: 'f' }, 'input[0]'],
    [{ type: 'function_call_output', output: '' }, 'input[0].call_id'],
  ])('name the item at fault: %j', (item, field) => {
    expect(() => encodeMessages(undefined, [item])).toThrow(`"${field}"`);
  });
});
