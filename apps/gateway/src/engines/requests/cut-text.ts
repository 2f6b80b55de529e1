/** Characters of base64 that are left of a picture or a sound. */
const MEDIA_KEPT = 100;
const MEDIA = /((?:;base64,|"(?:data|b64_json)"\s*:\s*")[\w+/=\\-]{100})([\w+/=\\-]+)/g;

/** Cuts the base64 of pictures and sounds in the text of a JSON body. */
export function cutMedia(text: string): string {
  if (text.length <= MEDIA_KEPT) return text;
  return text.replaceAll(MEDIA, (_all, kept: string, cut: string) => kept + mark(cut.length));
}

/** @param limit characters */
export function cutText(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit) + mark(text.length - limit);
}

function mark(characters: number): string {
  return `...[truncated ${characters} chars]`;
}
