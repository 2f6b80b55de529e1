import { HttpException } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { ERRORS, LongshoreError, type ErrorCode } from '#contracts';
import { EngineRefusal } from '../../http/engine-refusal.js';
import { describeFailure, RouteFailure } from '../../http/failure.js';
import { encodeError, encodeStreamFailure, OPENAI_ERRORS } from './encode-error.js';

describe('encodeError', () => {
  it('prints the error object of the OpenAI API', () => {
    const failure = describeFailure(
      new LongshoreError('invalid_request', '"stream" must be true.', 'stream'),
    );
    expect(encodeError(failure)).toBe(
      '{"error":{"message":"\\"stream\\" must be true.","type":"invalid_request_error","param":"stream","code":"invalid_request"}}',
    );
  });

  it.each(Object.keys(ERRORS) as ErrorCode[])('prints %s with all four members', (code) => {
    const printed = JSON.parse(encodeError(describeFailure(new LongshoreError(code)))) as { error: object };
    expect(printed).toEqual({
      error: { message: ERRORS[code].meaning, type: ERRORS[code].type, param: null, code },
    });
  });

  it('prints a failure half-way through a stream as one event', () => {
    expect(encodeStreamFailure(new LongshoreError('worker_lost'))).toMatch(
      /^data: \{"error":\{[^\n]+\}\}\n\n$/,
    );
  });
});

describe('describeFailure', () => {
  it('keeps the text of faults to itself', () => {
    for (const fault of [new TypeError('secret'), 'secret', undefined, new HttpException('secret', 500)]) {
      expect(describeFailure(fault)).toMatchObject({ status: 500, code: 'internal' });
      expect(describeFailure(fault).message).not.toContain('secret');
    }
  });

  it('tells the text of what a route chose to say', () => {
    expect(describeFailure(new RouteFailure(500, 'disk full'))).toMatchObject({
      status: 500,
      message: 'disk full',
    });
  });
});

describe('encodeStreamFailure of an engine that refuses', () => {
  it("passes the engine's own error object on, on one line", () => {
    const own = { code: 400, message: 'too many tokens', type: 'exceed_context_size_error', n_ctx: 512 };
    const refusal = new EngineRefusal(400, JSON.stringify({ error: own }, undefined, 2));
    expect(encodeStreamFailure(refusal)).toBe(`data: ${JSON.stringify({ error: own })}\n\n`);
  });

  it.each([
    [502, 'Bad\n\nGateway', 'Bad\n\nGateway', 'server_error'],
    [422, '{"detail":"no"}', '{"detail":"no"}', 'invalid_request_error'],
    [400, '{"error":"no"}', '{"error":"no"}', 'invalid_request_error'],
    [503, '', 'The engine answered with status 503 and no event stream.', 'server_error'],
    [200, 'null', 'null', 'server_error'],
  ])('puts other words into one of ours (%i %j)', (status, body, message, type) => {
    const event = encodeStreamFailure(new EngineRefusal(status, body));
    expect(event.split('\n\n')).toHaveLength(2);
    expect(JSON.parse(event.slice('data: '.length))).toEqual({
      error: { message, type, param: null, code: null },
    });
  });
});

describe('the paths of the OpenAI API', () => {
  it.each(['/v1', '/v1/models', '/engines/v1/x', '/engines/vllm/v1', '/engines/unknown/v1/chat/completions'])(
    'are claimed: %s',
    (path) => {
      expect(OPENAI_ERRORS.claims(path)).toBe(true);
    },
  );

  it.each(['/', '/models', '/v1x', '/engines', '/engines/status', '/engines/a/b/v1', '/x/v1'])(
    'do not include %s',
    (path) => {
      expect(OPENAI_ERRORS.claims(path)).toBe(false);
    },
  );
});
