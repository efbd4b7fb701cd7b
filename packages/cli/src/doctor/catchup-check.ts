import { safeLine } from "../terminal/safe-text.ts";
import type { Check, Finding } from "./finding.ts";

/** Where DAGs have their catchup settings from: can it be read, and is it right what stands there. */
export const catchupCheck: Check = {
  name: "catchup",
  async look(session) {
    const { checkCatchupSources } = await session.core();
    const { dags } = await session.dags();
    const checked = await checkCatchupSources(dags.map(({ dag }) => dag));
    return checked.flatMap(({ source, dagIds, errors }): Finding[] => {
      const of = `${dagIds.length} DAG${dagIds.length === 1 ? "" : "s"}`;
      if (errors.length === 0)
        return [{ check: "catchup", level: "good", says: `'${safeLine(source)}' has the catchup settings of ${of}` }];
      return errors.map(({ message, cure }) => ({ check: "catchup", level: "bad", says: message, cure }));
    });
  },
};
