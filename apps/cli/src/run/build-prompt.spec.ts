import { describe, expect, it } from 'vitest';
import { buildPrompt } from './build-prompt.js';

const FILES: Readonly<Record<string, Buffer>> = {
  'a.txt': Buffer.from('A text.\n'),
  'my notes.txt': Buffer.from('Notes.'),
  'binary.bin': Buffer.from([1, 0, 2]),
  'cat.jpg': Buffer.from('ffd8ffe0', 'hex'),
  'job@2/cat.jpg': Buffer.from('ffd8ffe0', 'hex'),
  'no-image.png': Buffer.from('text'),
};

const prompt = (typed: string, piped = '') =>
  buildPrompt({ typed, piped, images: [] }, async (path) => FILES[path]);

describe('a prompt', () => {
  it.each([
    ['names nobody', 'names nobody'],
    ['Sum up @a.txt', 'Sum up A text.'],
    ['Sum up @a.txt, please (@a.txt).', 'Sum up A text., please (A text.).'],
    ['Sum up @"my notes.txt" now', 'Sum up Notes. now'],
    ["Sum up @'my notes.txt'", 'Sum up Notes.'],
    ['write to me@a.txt', 'write to me@a.txt'],
    ['what is no-image.png?', 'what is no-image.png?'],
    ['what is lost.png?', 'what is lost.png?'],
  ])('%j is sent as %j', async (typed, content) => {
    expect(await prompt(typed)).toEqual({ content, notes: [] });
  });

  it('sends what looks like a name with @ as it is, and says so', async () => {
    expect(await prompt('Thank @anna')).toEqual({
      content: 'Thank @anna',
      notes: ['There is no file for @anna; it is sent as it is written.'],
    });
  });

  it('joins what is typed and what is piped in with an empty line, and looks for no file in the latter', async () => {
    expect((await prompt('Explain:', '@a.txt\n')).content).toBe('Explain:\n\n@a.txt');
    expect((await prompt('', 'alone\n')).content).toBe('alone');
  });

  it('puts images before the text', async () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,/9j/4A==' } };
    expect((await prompt('Describe cat.jpg')).content).toEqual([image, { type: 'text', text: 'Describe' }]);
    expect((await prompt('@cat.jpg')).content).toEqual([image]);
    expect((await prompt('job@2/cat.jpg')).content).toEqual([image]);
  });

  it('cannot have files that are missing although they are meant, or that are no text', async () => {
    await expect(prompt('@"lost file.txt"')).rejects.toThrow('There is no file lost file.txt.');
    await expect(prompt('@binary.bin')).rejects.toThrow('binary.bin is neither text nor an image');
  });
});
