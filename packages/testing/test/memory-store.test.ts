import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
import { storeSuite } from "../src/index.ts";

storeSuite("memory", () => {
  const database = memoryDatabase();
  return { connect: () => memoryStore({ database }) };
});
