import { setPaused } from "../changing/set-paused.ts";
import { defineCommand } from "../command.ts";

export default defineCommand({
  about: "Scheduled runs of it are made again.",
  arguments: [{ name: "<dag>", says: "id of the DAG", completes: "dag" }],
  examples: [["millrace dags unpause sales", "scheduled runs again"]],
  run: (session, given) => setPaused(session, given.text("dag"), "unpause"),
});
