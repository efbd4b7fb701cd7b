import { expect, it } from "vitest";
import { nearest } from "./nearest.ts";

it("finds the name that was meant, and none where nothing is near", () => {
  expect(nearest("helo", ["hello", "daily_sales"])).toBe("hello");
  expect(nearest("DAILY_SALE", ["hello", "daily_sales"])).toBe("daily_sales");
  expect(nearest("zzz", ["hello"])).toBeUndefined();
  expect(nearest("x", [])).toBeUndefined();
});
