const HUGGING_FACE = /^(?:hf\.co|huggingface\.co)\//i;

/** The member of a request that carries HF_TOKEN, which only Hugging Face may see. */
export function registryToken(model: string, token: string): { readonly 'bearer-token'?: string } {
  return token !== '' && HUGGING_FACE.test(model.trim()) ? { 'bearer-token': token } : {};
}
