import { isDeepStrictEqual } from "node:util";
import type { XComAddress } from "@millrace/core/plugin";
import type { Check } from "./finding.ts";

/** Large and varied enough that parts with a threshold take it. */
const sample = {
  text: "millrace ".repeat(1_000),
  list: Array.from({ length: 500 }, (_, at) => at * at),
  when: new Date(0),
  big: 2n ** 70n,
};
const address: XComAddress = {
  dagId: "millrace_doctor",
  runId: "doctor",
  taskId: "round_trip",
  mapIndex: -1,
  key: "sample",
};

/** The XCom backend: what is put comes back, and can be removed. */
export const xcomCheck: Check = {
  name: "xcom",
  async look(session) {
    const core = await session.core();
    const { backend, parts } = await core.resolveXComBackend(await session.config());
    const names = parts.length === 0 ? "JSON in the store" : parts.map(({ name }) => name).join(" → ");
    const stored = await backend.serialize(sample, address);
    try {
      const back = await backend.deserialize(stored, address);
      if (!isDeepStrictEqual(back, sample))
        return [
          {
            check: "xcom",
            level: "bad",
            says: `XCom backend (${names}): a value came back altered`,
            cure: "Check the parts of xcom.backend; do not run DAGs with it.",
          },
        ];
    } finally {
      await backend.purge(stored);
    }
    return [{ check: "xcom", level: "good", says: `XCom backend (${names}): put, get and delete work` }];
  },
};
