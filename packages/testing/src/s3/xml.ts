import { refused } from "./refusals.ts";

/** An element to be written: its name, and its text or its children; a child that is undefined is left out. */
export type XmlElement = readonly [
  name: string,
  content: string | number | boolean | readonly (XmlElement | undefined)[],
];

/** Longest document that is read: a completed upload of 10,000 parts has half of that. */
export const longestXmlBytes = 4 * 2 ** 20;

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
const namespace = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** A document as S3 sends it. Errors have no namespace. */
export function xmlDocument(root: XmlElement, options: { readonly bare?: boolean } = {}): Buffer {
  return Buffer.from(declaration + written(root, options.bare ? "" : namespace));
}

function written([name, content]: XmlElement, attributes = ""): string {
  const inner =
    typeof content === "object"
      ? content.map((child) => (child ? written(child) : "")).join("")
      : escaped(`${content}`);
  return `<${name}${attributes}>${inner}</${name}>`;
}

/** Control characters become references, as S3 writes them, although XML 1.0 has no such characters. */
function escaped(text: string): string {
  return text.replace(/[&<>"\u0000-\u001f\u007f]/g, (char) => `&#x${char.charCodeAt(0).toString(16)};`);
}

/** An element that was read. Its text is what stands in it without its children. */
export interface XmlNode {
  readonly name: string;
  readonly children: XmlNode[];
  text: string;
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const token =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|[^<]+/y;

/**
 * The root of a small document: elements, text, comments. Attributes and prefixes are dropped; document types and CDATA,
 * which no S3 client sends, are malformed. Throws `MalformedXML`.
 */
export function parseXml(text: string): XmlNode {
  const top: XmlNode = { name: "", children: [], text: "" };
  const open: XmlNode[] = [top];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    const parent = open.at(-1);
    if (!match || !parent) throw refused("MalformedXML");
    const [whole, closing, prefixed, , selfClosing] = match;
    if (prefixed === undefined) {
      if (!whole.startsWith("<")) parent.text += unescaped(whole);
      continue;
    }
    const name = prefixed.slice(prefixed.indexOf(":") + 1);
    if (closing) {
      if (open.length === 1 || parent.name !== name) throw refused("MalformedXML");
      open.pop();
      continue;
    }
    const node: XmlNode = { name, children: [], text: "" };
    parent.children.push(node);
    if (!selfClosing) open.push(node);
  }
  const [root, ...more] = top.children;
  if (open.length !== 1 || !root || more.length > 0 || top.text.trim() !== "") throw refused("MalformedXML");
  return root;
}

/** The text of the only child of this name; undefined if there is none. */
export function childText(node: XmlNode, name: string): string | undefined {
  const found = node.children.filter((child) => child.name === name);
  if (found.length > 1) throw refused("MalformedXML");
  return found[0]?.text;
}

function unescaped(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));|&/g,
    (_, hex?: string, decimal?: string, name?: string) => {
      const code = hex ? Number.parseInt(hex, 16) : decimal ? Number(decimal) : undefined;
      const char = code === undefined ? named[name ?? ""] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
      if (char === undefined) throw refused("MalformedXML");
      return char;
    },
  );
}
