import { Buffer } from "node:buffer";
import { inspect } from "node:util";

/** Shorter texts are part of too many others: to mask them would spoil what people read and hide nothing that is hard to guess. */
export const shortestMasked = 4;

/** Longer forms are masked block by block, so that no text takes long to be compared with one. */
const longestPattern = 512;

/**
 * The texts that stand for a secret value: as it is, one line of it, as it is written in a URL, in JSON, by `console`, and in
 * base64, also in the middle of something longer. Without line breaks, which are passed over when texts are searched.
 */
export function formsOf(value: string): readonly string[] {
  const forms = new Set<string>();
  const add = (form: string): void => {
    const flat = form.replace(/[\r\n]/g, "");
    if (flat.length < shortestMasked) return;
    if (flat.length <= longestPattern) forms.add(flat);
    else for (const block of blocksOf(flat)) forms.add(block);
  };
  for (const text of new Set([value, value.trim()])) {
    add(text);
    addQuoted(text, add);
    addInUrls(text, add);
    addBase64(text, add);
  }
  const lines = value.split(/\r\n|\r|\n/).map((line) => line.trim());
  if (lines.length > 1)
    for (const line of lines) {
      if (line.length < shortestMasked) continue;
      add(line);
      addQuoted(line, add);
    }
  return [...forms];
}

/** They overlap: wherever a form is broken off, one of them has at least four characters of it or none. */
function* blocksOf(form: string): Generator<string> {
  for (let from = 0; ; from += longestPattern - shortestMasked) {
    const isLast = from + longestPattern >= form.length;
    yield form.slice(isLast ? form.length - longestPattern : from, isLast ? form.length : from + longestPattern);
    if (isLast) return;
  }
}

function addQuoted(text: string, add: (form: string) => void): void {
  const json = JSON.stringify(text).slice(1, -1);
  add(json);
  // As other programs write it.
  add(json.replaceAll("/", "\\/"));
  add(json.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`));
  // Node's console quotes what stands inside of objects.
  if (!/[\r\n]/.test(text)) add(inspect(text, { maxStringLength: null }).slice(1, -1));
}

function addInUrls(text: string, add: (form: string) => void): void {
  const wellFormed = text.toWellFormed();
  const encoded = encodeURIComponent(wellFormed);
  const inForms = new URLSearchParams({ "": wellFormed }).toString().slice(1);
  for (const form of [encoded, inForms, encodeURI(wellFormed)]) {
    add(form);
    add(form.replace(/%[0-9A-F]{2}/g, (sign) => sign.toLowerCase()));
  }
}

/** Of a value inside of something longer, `user:password` for one, the characters are shown that depend on nothing but the value. */
function addBase64(text: string, add: (form: string) => void): void {
  const bytes = Buffer.from(text);
  for (const alphabet of ["base64", "base64url"] as const) {
    add(bytes.toString(alphabet));
    for (const before of [0, 1, 2]) {
      const whole = Buffer.concat([Buffer.alloc(before), bytes]);
      add(whole.toString(alphabet).slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6)));
    }
  }
}
