import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeSuite } from "@millrace/testing/suites";
import { sqlite } from "./index.ts";

// The soak tries many more.
const sequences = Number(process.env.MILLRACE_SEQUENCES ?? 60);

storeSuite(
  "sqlite",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-sqlite-"));
    const path = join(folder, "millrace.db");
    return { connect: () => sqlite({ path }), cleanup: () => rmSync(folder, { recursive: true }) };
  },
  { sequences },
);
