import { setPaused } from "../changing/set-paused.ts";
import { defineCommand } from "../command.ts";

export default defineCommand({
  about:
    "No scheduled run of it is made until it is unpaused. Runs that people ask for are made all the same, and those under way go on.",
  arguments: [{ name: "<dag>", says: "id of the DAG", completes: "dag" }],
  examples: [["millrace dags pause sales", "no more scheduled runs of 'sales'"]],
  run: (session, given) => setPaused(session, given.text("dag"), "pause"),
});
