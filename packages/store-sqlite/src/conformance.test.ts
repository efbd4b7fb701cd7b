import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeSuite } from "@millrace/testing";
import { sqlite } from "./index.ts";

storeSuite("sqlite", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-sqlite-"));
  const path = join(folder, "millrace.db");
  return { connect: () => sqlite({ path }), cleanup: () => rmSync(folder, { recursive: true }) };
});
