import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
import { storeSuite } from "../src/suites.ts";

storeSuite("memory", () => {
  const database = memoryDatabase();
  return { connect: () => memoryStore({ database }) };
});
