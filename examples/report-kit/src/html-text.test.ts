import fc from "fast-check";
import { expect, it } from "vitest";
import { escapeMarkdown, html } from "./html-text.ts";

it("text is escaped whatever it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const { markup } = html`<p title="${text}">${[text]}</p>`;
      expect(markup.match(/</g)).toHaveLength(2);
      expect(markup.match(/"/g)).toHaveLength(2);
    }),
    { seed: 5 },
  );
  expect(html`${null}${undefined}${false}${0}`.markup).toBe("0");
  expect(escapeMarkdown("a_b _c_ 1 * 2\n|3| S&P &lt;")).toBe("a_b \\_c\\_ 1 \\* 2 \\|3\\| S&P \\&lt;");
});
