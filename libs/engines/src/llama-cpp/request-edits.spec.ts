import { describe, expect, it } from 'vitest';
import { editsOf } from './request-edits.js';

const tool = (name: string) => ({ type: 'function', function: { name } });
const tools = [tool('one'), tool('two'), tool('three')];

const withPart = (part: object) => ({
  messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, part] }],
});

const edited = (request: object) => editsOf({ ...request }, true);

describe('editsOf', () => {
  it('leaves one tool when the request names it, and demands its use', () => {
    const choice = { type: 'function', function: { name: 'two' } };
    expect(edited({ tools, tool_choice: choice })).toEqual({
      members: `"tools":[${JSON.stringify(tool('two'))}],"tool_choice":"required"`,
    });
  });

  it('has a tool called that must be, whatever format the text would have', () => {
    const format = { response_format: { type: 'json_schema', json_schema: { schema: {} } } };
    const text = '"response_format":{"type":"text"}';
    expect(edited({ ...format, tools, tool_choice: 'required' })).toEqual({ members: text });
    expect(edited({ ...format, tools, tool_choice: tool('two') })).toEqual({
      members: `"tools":[${JSON.stringify(tool('two'))}],"tool_choice":"required",${text}`,
    });
    expect(edited({ ...format, tools })).toEqual({ members: '' });
    expect(edited({ ...format, tool_choice: 'required' })).toEqual({ members: '' });
  });

  it('leaves out what a function says is null, with a choice and without', () => {
    const strict = {
      ...tool('one').function,
      description: null,
      parameters: { type: 'object' },
      strict: null,
    };
    const bare = { type: 'function', function: { name: 'one', parameters: { type: 'object' } } };
    const given = [{ type: 'function', function: strict }, tool('two')];
    expect(edited({ tools: given })).toEqual({ members: `"tools":${JSON.stringify([bare, tool('two')])}` });
    expect(edited({ tools: given, tool_choice: { type: 'function', function: { name: 'one' } } })).toEqual({
      members: `"tools":${JSON.stringify([bare])},"tool_choice":"required"`,
    });
  });

  it('leaves the tools that a request allows', () => {
    const allowed = { mode: 'auto', tools: [tool('one'), tool('three')] };
    expect(edited({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: allowed } })).toEqual({
      members: `"tools":${JSON.stringify([tool('one'), tool('three')])},"tool_choice":"auto"`,
    });
  });

  it('asks for no comments in a silent stream, beside whatever else must change', () => {
    expect(edited({ sse_ping_interval: 1 })).toEqual({ members: '"sse_ping_interval":-1' });
    const choice = { type: 'function', function: { name: 'two' } };
    expect(edited({ sse_ping_interval: 1, tools, tool_choice: choice })).toEqual({
      members: `"tools":[${JSON.stringify(tool('two'))}],"tool_choice":"required","sse_ping_interval":-1`,
    });
  });

  it('refuses a named tool that is not there', () => {
    const choice = { type: 'function', function: { name: 'four' } };
    expect(edited({ tools, tool_choice: choice })).toEqual({
      refuse: `'tool_choice' names the function "four", which is not among the 'tools'.`,
    });
  });

  it.each([undefined, null, 'auto', 'required', 'none', { type: 'strange' }])(
    'changes nothing for the choice %j',
    (choice) => {
      expect(edited({ tools, tool_choice: choice })).toEqual({ members: '' });
    },
  );

  it.each([
    ['an address', { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } }],
    ['an address without an object', { type: 'image_url', image_url: 'http://example.com/cat.png' }],
    ['a file', { type: 'image_url', image_url: { url: 'file:///etc/passwd' } }],
    ['a path', { type: 'image_url', image_url: { url: '/etc/passwd' } }],
    ['a film at an address', { type: 'video_url', video_url: { url: 'https://example.com/cat.mp4' } }],
    [
      'a film at an address of its own kind',
      { type: 'input_video', input_video: { url: 'http://a.example' } },
    ],
    ['an address as the data of a film', { type: 'input_video', input_video: { data: 'http://a.example' } }],
    ['a file as the data of a sound', { type: 'input_audio', input_audio: { data: 'file:///etc/passwd' } }],
    ['an address beside a text', { type: 'text', text: 'x', image_url: { url: 'ftp://example.com' } }],
  ])('refuses %s in place of the image itself', (_, part) => {
    expect(edited(withPart(part))).toEqual({ refuse: expect.stringContaining('data URL') as string });
  });

  it('lets an image through that is in the request itself', () => {
    const url = 'data:image/png;base64,iVBORw0KGgo=';
    expect(edited(withPart({ type: 'image_url', image_url: { url } }))).toEqual({ members: '' });
  });

  it.each([
    { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
    { type: 'input_video', input_video: { data: 'AAAAIGZ0eXA=' } },
    { type: 'input_video', input_video: { data: 'data:video/mp4;base64,AAAA' } },
  ])('lets the bytes themselves through: %j', (part) => {
    expect(edited(withPart(part))).toEqual({ members: '' });
  });

  it.each([
    ['a film', { type: 'input_video', input_video: { data: 'AAAAIGZ0eXA=' } }],
    ['an image', { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }],
    ['an image at an address', { type: 'image_url', image_url: 'https://example.com/cat.png' }],
    ['a sound', { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }],
  ])('refuses %s for a model that takes text only', (_, part) => {
    expect(editsOf(withPart(part), false)).toEqual({
      refuse: expect.stringContaining('takes text only') as string,
    });
  });

  it('changes nothing about text in parts for a model that takes text only', () => {
    expect(editsOf(withPart({ type: 'text', text: 'It is a cat.' }), false)).toEqual({ members: '' });
  });
});
