/** Markup that was put together by {@link html} and may be used as it is. */
export class SafeHtml {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }

  toString(): string {
    return this.markup;
  }
}

export type HtmlValue = string | number | SafeHtml | readonly HtmlValue[] | null | undefined | false;

/**
 * Puts markup together: every value is escaped, unless it is markup made by this function. So no text that comes from
 * data can become an element, an attribute or a script.
 */
export function html(pieces: TemplateStringsArray, ...values: readonly HtmlValue[]): SafeHtml {
  let markup = pieces[0];
  values.forEach((value, i) => {
    markup += render(value) + pieces[i + 1];
  });
  return new SafeHtml(markup);
}

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof SafeHtml) return value.markup;
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(render).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character])
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "");
}

/** Signs that mean something to Markdown wherever they stand; `_` only at the edge of a word, `&` only in an entity. */
const markdownSigns = /[\\`*{}[\]<>#|~$]|(?<![A-Za-z0-9_])_|_(?![A-Za-z0-9_])|&(?=#?\w+;)/g;

/** Text that Markdown shows as it is, on one line, also inside a table. */
export function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, " ").replace(markdownSigns, "\\$&");
}
