/** Everything that could end a line, hide text or turn its direction. */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** Text as one line of at most so many characters, without anything that a header, a terminal or a chat could act on. */
export function safeLine(text: string, longest = 200): string {
  const line = text
    .slice(0, longest * 4)
    .replace(unsafe, " ")
    .toWellFormed();
  return line.length > longest ? `${line.slice(0, longest - 1).toWellFormed()}…` : line;
}
