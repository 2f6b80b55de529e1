import { describe, expect, it } from 'vitest';
import { readConversation } from './conversation.js';

const user = { role: 'user', content: 'hi' };

describe('readConversation', () => {
  it('joins text parts, one a line', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ];
    expect(readConversation([{ role: 'user', content }]).messages).toEqual([
      { role: 'user', content: 'a\nb' },
    ]);
  });

  it('calls the developer by the older name that templates know', () => {
    expect(readConversation([{ role: 'developer', content: 'x' }, user]).messages[0]?.role).toBe('system');
  });

  it('turns the arguments of past tool calls into objects and leaves what is no JSON object', () => {
    const call = (text: string) => ({ id: 'c', type: 'function', function: { name: 'f', arguments: text } });
    const message = { role: 'assistant', content: null, tool_calls: [call('{"a":1}'), call('oops')] };
    const [, read] = readConversation([user, message, { role: 'tool', content: '42' }]).messages;
    expect(read).toMatchObject({
      content: '',
      tool_calls: [{ function: { arguments: { a: 1 } } }, { function: { arguments: 'oops' } }],
    });
  });

  it('takes a last message of the assistant as the beginning of the answer', () => {
    const conversation = readConversation([user, { role: 'assistant', content: 'Well' }]);
    expect(conversation).toEqual({ messages: [user], answerPrefix: 'Well' });
  });

  it.each([
    [undefined, "'messages' is required."],
    ['hi', '\'messages\' must be a list, but is "hi".'],
    [[1], 'messages[0] must be an object, but is 1.'],
    [[{ content: 'hi' }], 'messages[0].role must be a string, but is undefined.'],
    [[{ role: 'user' }], 'messages[0] has no content.'],
    [[{ role: 'user', content: 7 }], 'messages[0].content must be a string or a list of parts, but is 7.'],
    [
      [user, { role: 'assistant', content: 'a' }, { role: 'assistant', content: 'b' }],
      'The last two messages are both from the assistant; only the last one may be.',
    ],
  ])('refuses %j with a sentence', (messages, sentence) => {
    expect(() => readConversation(messages)).toThrow(sentence);
  });

  it.each(['image_url', 'input_audio', 'file'])('refuses a part of type %s by name', (type) => {
    expect(() => readConversation([{ role: 'user', content: [{ type }] }])).toThrow(
      `does not support content parts of type "${type}" (messages[0].content[0])`,
    );
  });
});
