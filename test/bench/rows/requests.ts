/** A chat that a synthetic engine answers with so many tokens, at so many a second; 0 = as fast as it can. */
export function syntheticChat(model: string, tokens: number, rate: number, stamp = false): string {
  return JSON.stringify({
    model,
    messages: [{ role: 'user', content: 'Tell me how a container ship is unloaded, in a few words.' }],
    stream: true,
    max_tokens: tokens,
    synthetic: { rate, ...(stamp ? { stamp: 1 } : {}) },
  });
}

/** A chat that the scripted model answers with five known tokens. */
export function scriptedChat(model: string): string {
  return JSON.stringify({
    model,
    messages: [{ role: 'user', content: 'Please !say now.' }],
    stream: true,
    max_tokens: 16,
  });
}

/** A completion of exactly so many tokens, whatever the model would rather do. */
export function longCompletion(model: string, tokens: number): string {
  return JSON.stringify({
    model,
    prompt: 'A container ship',
    stream: true,
    max_tokens: tokens,
    temperature: 0,
    ignore_eos: true,
  });
}
