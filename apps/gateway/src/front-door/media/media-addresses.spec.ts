import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { MediaAddresses } from './media-addresses.js';
import { MediaHosts } from './media-hosts.js';
import { chunk, frame, header, jpeg, png, SCAN, tga } from './pictures/__fixtures__/picture-files.js';

const base64 = (bytes: Buffer): string => bytes.toString('base64');

const PIXEL = `data:image/png;base64,${base64(png(header(1, 1), chunk('IDAT')))}`;
const LIMIT = 1_000_000;

function refusalOf(body: unknown, hosts: readonly string[] = []): unknown {
  try {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const media = new MediaAddresses(new MediaHosts(hosts), LIMIT);
    return media.check(text, new AbortController().signal);
  } catch (error) {
    if (error instanceof LongshoreError && error.code === 'invalid_request') return error.message;
    throw error;
  }
}

const message = (part: object): object => ({
  model: 'm',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'what is it?' }, part] }],
});

const image = (url: unknown): object => message({ type: 'image_url', image_url: { url } });

const jpegOf = (width: number, height: number): string =>
  `data:image/jpeg;base64,${base64(jpeg(frame(width, height), SCAN))}`;

describe('media in a request', () => {
  it.each([
    image(PIXEL),
    message({ type: 'image_url', image_url: PIXEL }),
    message({ type: 'input_image', image_url: PIXEL }),
    message({ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }),
    message({ type: 'input_audio', input_audio: { data: '//uQxAA=', format: 'mp3' } }),
    message({ type: 'video_url', video_url: { url: 'data:video/mp4;base64,AAAA' } }),
    message({ type: 'input_video', input_video: { data: 'AAAAIGZ0eXA=', format: 'mp4' } }),
    message({ type: 'input_video', input_video: { data: 'data:video/mp4;base64,AAAA' } }),
    { model: 'm', messages: [{ role: 'user', content: 'see "image_url": "file:///etc/passwd"' }] },
    { model: 'm', input: [{ text: 'a', image: PIXEL }] },
    { model: 'm', audio: { voice: 'alloy', format: 'wav' } },
    { model: 'm', query: 'q', documents: ['/etc/passwd', 'https://example.com'] },
    {
      model: 'm',
      messages: [{ role: 'assistant', tool_calls: [{ function: { arguments: '{"image_url":"x"}' } }] }],
      tools: [{ function: { parameters: { properties: { image_url: { url: '/x' }, image: 'y' } } } }],
    },
    { model: 'm', mm_processor_kwargs: null },
  ])('may be in the body itself: %j', (body) => {
    expect(refusalOf(body)).toBeUndefined();
  });

  it.each([
    'file:///etc/passwd',
    'FILE:///etc/passwd',
    '/etc/passwd',
    '../secret.png',
    'secret.png',
    'x',
    ' data:image/png;base64,AA',
    'Data:image/png;base64,AA',
    'data:../../secret.png',
    'ftp://example.com/a.png',
    'gopher://127.0.0.1:6379/_FLUSHALL',
    'http://127.0.0.1:6379/',
    'http://example.com/a.png',
    '//example.com/a.png',
    'iVBORw0KGgo=',
  ])('may not be at %s', (place) => {
    expect(refusalOf(image(place))).toContain('"image_url"');
    expect(refusalOf(message({ type: 'image_url', image_url: place }))).toContain('"image_url"');
    expect(refusalOf(message({ type: 'video_url', video_url: { url: place } }))).toContain('"video_url"');
    expect(refusalOf(message({ type: 'audio_url', audio_url: { url: place } }))).toContain('"audio_url"');
    expect(refusalOf({ model: 'm', input: [{ image: place }] })).toContain('"image"');
    expect(refusalOf({ model: 'm', images: 1, image_data: [PIXEL, place] })).toContain('"image_data"');
    expect(refusalOf({ data_1: { content: [{ image_url: { url: place } }] } })).toContain('"image_url"');
  });

  it('is found behind names whose letters are escaped', () => {
    const body = JSON.stringify(image('file:///etc/passwd'));
    expect(refusalOf(body.replaceAll('image_url', 'image\\u005furl'))).toContain('"image_url"');
    expect(refusalOf(body.replaceAll('image_url', '\\u0069mage_url'))).toContain('"image_url"');
    expect(refusalOf(body.replaceAll('image_url', 'image_ur\\u006C'))).toContain('"image_url"');
    expect(refusalOf(body.replace('"image_url":', '"image_url" \n\t:'))).toContain('"image_url"');
  });

  it.each(['http://127.0.0.1:6379/', ' HTTP://127.0.0.1/', 'file:///etc/passwd'])(
    'is the data of a film, and no address such as %s in its place',
    (data) => {
      expect(refusalOf(message({ type: 'input_video', input_video: { data } }))).toContain('"input_video"');
      expect(refusalOf(message({ type: 'image_url', image_url: { data } }))).toContain('"image_url"');
    },
  );

  it('of a sound is base64 and nothing else', () => {
    const sound = (data: string) => message({ type: 'input_audio', input_audio: { data, format: 'wav' } });
    for (const data of ['file:///etc/passwd', 'http://127.0.0.1/', '../x.wav', 'data:../x'])
      expect(refusalOf(sound(data))).toContain('"input_audio"');
    const placed = message({ type: 'input_audio', input_audio: { url: 'http://127.0.0.1/' } });
    expect(refusalOf(placed)).toContain('"input_audio"');
  });

  it('is refused where its pictures have more pixels than engines are to hold, by name, size and limit', () => {
    const bomb = base64(png(header(16_000, 16_000), chunk('IDAT')));
    const url = `data:image/png;base64,${bomb}`;
    const refusal = (name: string): string =>
      `"${name}" holds a picture of 16000 x 16000 pixels; the pictures of a request may have 1000000 pixels together (LONGSHORE_MEDIA_MAX_PIXELS).`;
    expect(refusalOf(image(url))).toBe(refusal('image_url'));
    expect(refusalOf(image(url.replace(';base64', '')))).toBe(refusal('image_url'));
    expect(refusalOf(message({ type: 'image_url', image_url: url }))).toBe(refusal('image_url'));
    expect(refusalOf(message({ type: 'input_image', image_url: url }))).toBe(refusal('image_url'));
    expect(refusalOf(message({ type: 'image_url', image_url: { data: bomb } }))).toBe(refusal('image_url'));
    expect(refusalOf({ model: 'm', input: [{ image: url }] })).toBe(refusal('image'));
    expect(refusalOf({ model: 'm', image_data: [{ data: bomb, id: 1 }] })).toBe(refusal('image_data'));
    const prompt = { prompt_string: 'see <__media__>', multimodal_data: [bomb] };
    expect(refusalOf({ model: 'm', prompt })).toBe(refusal('multimodal_data'));
  });

  it('is refused where its pictures have too many pixels together', () => {
    const part = { type: 'image_url', image_url: { url: jpegOf(700, 700) } };
    const content = (count: number) => ({
      model: 'm',
      messages: [{ content: Array.from({ length: count }, () => part) }],
    });
    expect(refusalOf(content(2))).toBeUndefined();
    expect(refusalOf(content(3))).toContain('a picture of 700 x 700 pixels; the pictures of a request');
  });

  it('is a picture where engines find one, whatever it is called', () => {
    const bomb = base64(png(header(16_000, 16_000), chunk('IDAT')));
    const found = 'holds a picture of 16000 x 16000 pixels';
    const sound = { type: 'input_audio', input_audio: { data: bomb, format: 'wav' } };
    expect(refusalOf(message(sound))).toContain(`"input_audio" ${found}`);
    const film = (url: string) => message({ type: 'video_url', video_url: { url } });
    const frames = [base64(png(header(1, 1), chunk('IDAT'))), bomb].join(',');
    expect(refusalOf(film(`data:video/mp4;base64,${bomb}`))).toContain(`"video_url" ${found}`);
    expect(refusalOf(film(`data:video/jpeg;base64,${frames}`))).toContain(`"video_url" ${found}`);
    expect(refusalOf(film('data:Video/JPEG;base64,AAAA'))).toContain('must be a picture as PNG');
    expect(refusalOf(film(`data:video/jpeg;base64,${','.repeat(2_000)}`))).toContain(
      '1024 pictures, sounds and films',
    );
    const empty = Array.from({ length: 1_025 }, () => ({ input_audio: { data: 'AAAA' } }));
    expect(refusalOf({ model: 'm', messages: empty })).toContain('"input_audio" is one too many');
  });

  it('is a picture as all engines decode it, with a beginning that tells its size', () => {
    const file = base64(tga(1, 1));
    const sound = { type: 'input_audio', input_audio: { data: file, format: 'wav' } };
    expect(refusalOf(message(sound))).toBe(
      '"input_audio" holds a picture as TGA; send PNG, JPEG, GIF, WebP or BMP.',
    );
    for (const text of ['AAAA', '', 'iVBO_Rw0KGgo'])
      expect(refusalOf(image(`data:image/png;base64,${text}`))).toBe(
        '"image_url" must be a picture as PNG, JPEG, GIF, WebP or BMP.',
      );
    expect(refusalOf(image('data:image/png;base64,iVBORw0KGgo='))).toBe(
      '"image_url" holds a PNG without a beginning that tells its size: it is cut off or broken.',
    );
  });

  it.each([
    'chat_template',
    'kv_transfer_params',
    'lora_request',
    'lora_path',
    'mm_processor_kwargs',
    'bootstrap_host',
    'custom_logit_processor',
    'logits_processors',
    'prompt_embeds',
  ])('does not come with %s, by which an engine reads files or asks others', (name) => {
    expect(refusalOf({ model: 'm', [name]: { a: 1 } })).toContain(`"${name}" is not taken`);
    expect(refusalOf(message({ type: 'text', text: `"${name}":1` }))).toBeUndefined();
  });

  it('costs a body without such words one look', () => {
    const body = JSON.stringify({
      model: 'm',
      messages: [{ role: 'user', content: 'x'.repeat(10_000_000) }],
    });
    const parse = JSON.parse;
    JSON.parse = () => {
      throw new Error('was parsed');
    };
    try {
      expect(refusalOf(body)).toBeUndefined();
    } finally {
      JSON.parse = parse;
    }
  });
});

describe('hosts of media', () => {
  const ok = (url: string, hosts: readonly string[]) => refusalOf(image(url), hosts) === undefined;

  it('are those that are listed', () => {
    const hosts = ['images.example', '*.cdn.example', '10.0.0.7'];
    for (const url of [
      'https://images.example/a',
      'http://IMAGES.example:81/a',
      'https://a.cdn.example/x?y=z',
    ])
      expect([url, ok(url, hosts)]).toEqual([url, true]);
    expect(ok('http://10.0.0.7/a', hosts)).toBe(true);
    for (const url of [
      'https://example/a',
      'https://cdn.example/a',
      'https://images.example.evil.example/a',
      'https://evil.example/images.example',
      'https://images.example@evil.example/a',
      'https://evil.example\\@images.example/a',
      'https://images.example\\.evil.example/',
      'https://images.example/a b',
      'http://10.0.0.8/a',
      'file://images.example/a',
    ])
      expect([url, ok(url, hosts)]).toEqual([url, false]);
  });

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://10.1.2.3/',
    'http://172.31.0.1/',
    'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.100.100.200/',
    'http://0.0.0.0/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://a.localhost/',
    'http://redis/',
    'http://metadata.google.internal/',
    'http://printer.local/',
  ])('are never private ones, also when all are allowed: %s', (url) => {
    expect(ok(url, ['*'])).toBe(false);
  });

  it('are all public ones when all are allowed', () => {
    for (const url of ['https://example.com/a', 'http://93.184.216.34/', 'http://[2606:2800::1]/'])
      expect(ok(url, ['*'])).toBe(true);
  });
});
