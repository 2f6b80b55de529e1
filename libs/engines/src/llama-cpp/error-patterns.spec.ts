import { describe, expect, it } from 'vitest';
import { explainLlamaServerEnd, llamaServerLackedMemory } from './error-patterns.js';

function explain(
  lines: string[],
  end: { code?: number; signal?: string; asked?: boolean; served?: boolean } = { code: 1 },
) {
  return explainLlamaServerEnd({
    code: end.code ?? null,
    signal: end.signal ?? null,
    asked: end.asked ?? false,
    served: end.served ?? false,
    lastLines: lines,
  });
}

describe('explainLlamaServerEnd', () => {
  it('names an unknown architecture', () => {
    expect(explain(["E llama_model_load: error loading model: unknown model architecture: 'new3'"])).toBe(
      'llama-server ended with exit code 1: this llama-server does not know the model architecture "new3"; a newer one may.',
    );
  });

  it('does not tell one caller what another one sent', () => {
    const lines = [
      'srv send_error: parse error: syntax error while parsing value - last read: "my secret"',
      'srv log_server_r: done request: POST /v1/chat/completions 400: No such file or directory',
    ];
    expect(explain(lines, { signal: 'SIGSEGV', served: true })).toBe('llama-server crashed (SIGSEGV).');
    expect(explain(['GGML_ASSERT(n > 0) failed'], { signal: 'SIGABRT', served: true })).toContain('"n > 0"');
  });

  it('prefers the telling line to the general one, wherever they stand', () => {
    const lines = [
      'E llama_model_load: error loading model: llama_model_loader: failed to load model from /store/x',
      "E gguf_init_from_reader: invalid magic characters: '????', expected 'GGUF'",
      "E srv load_model: failed to load model, '/store/x'",
    ];
    expect(explain(lines)).toContain('is not a GGUF file');
    expect(explain(lines)).not.toContain('/store');
  });

  it.each([
    ['gguf_init_from_file: failed to open GGUF file (No such file or directory)', 'not there'],
    [
      "tensor 'output.weight' data is not within the file bounds, model is corrupted or incomplete",
      'cut short',
    ],
    ['ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 9', 'not enough memory'],
    ['ggml_cuda: cudaMalloc failed: out of memory', 'not enough memory'],
    ["start: couldn't bind HTTP server socket, hostname: x.sock, port: 8080", 'in use'],
    ['error: invalid argument: --nonsense', '"--nonsense"'],
    ['sh: 1: exec: /opt/llama-server: not found', 'cannot be run'],
    [
      'llama-server: error while loading shared libraries: libcuda.so.1: cannot open',
      'libcuda.so.1 is missing',
    ],
  ])('reads %j', (line, expected) => {
    expect(explain([line])).toContain(expected);
  });

  it('names the assertion that a broken model file trips', () => {
    const lines = ['llama-vocab.cpp:2578: GGML_ASSERT(id_to_token.size() == token_to_id.size()) failed'];
    expect(explain(lines, { signal: 'SIGABRT' })).toBe(
      'llama-server gave up (SIGABRT): the model file makes llama.cpp fail its own check ' +
        '"id_to_token.size() == token_to_id.size()".',
    );
  });

  it('says how the process ended when no line helps', () => {
    expect(explain(['hello'], { signal: 'SIGSEGV' })).toBe('llama-server crashed (SIGSEGV).');
    expect(explain([], { signal: 'SIGKILL' })).toContain('was killed (SIGKILL)');
  });

  it('says stopped when it was asked to', () => {
    expect(explain(['failed to load model'], { signal: 'SIGTERM', asked: true })).toBe('stopped');
  });
});

describe('llamaServerLackedMemory', () => {
  const end = { code: 1, signal: null, asked: false, served: false, lastLines: [] };
  const tooLittle = ['failed to initialize the context: failed to allocate buffer for kv cache'];

  it('reads it from what was printed while loading', () => {
    expect(llamaServerLackedMemory({ ...end, lastLines: tooLittle })).toBe(true);
    expect(llamaServerLackedMemory({ ...end, lastLines: ['error loading model: bad magic'] })).toBe(false);
  });

  it('takes the word of the system for it', () => {
    const killed = { ...end, code: null, signal: 'SIGKILL' };
    expect(llamaServerLackedMemory({ ...killed, killedForMemory: true })).toBe(true);
    expect(llamaServerLackedMemory(killed)).toBe(false);
    expect(explainLlamaServerEnd({ ...killed, killedForMemory: true })).toBe(
      'llama-server was killed (SIGKILL), because the machine ran out of memory.',
    );
  });

  it('is about loading only', () => {
    expect(llamaServerLackedMemory({ ...end, served: true, lastLines: tooLittle })).toBe(false);
    expect(llamaServerLackedMemory({ ...end, asked: true, lastLines: tooLittle })).toBe(false);
  });
});
