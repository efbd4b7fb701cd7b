import type { NotifyChannel } from "@millrace/notify";
import type { World } from "../world.ts";
import { postToPeople } from "./tell-people.ts";

/** What the notifier tells goes to the same webhook as what tasks tell: a line for each message. */
export function peopleChannel(world: Pick<World, "webhookUrl" | "answerWithinMs">): NotifyChannel {
  return {
    send: ({ title, facts }, { signal }) =>
      postToPeople(world, [title, ...facts.map(({ name, value }) => `${name}: ${value}`)].join(", "), signal),
  };
}
