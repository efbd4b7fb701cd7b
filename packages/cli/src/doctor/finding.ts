import type { Session } from "../session.ts";

/** What a check found. `bad` is what would stop a run or lose something; `warning` is worth a look. */
export interface Finding {
  /** Names the check, for programs. */
  readonly check: string;
  readonly level: "good" | "warning" | "bad" | "skipped";
  /** What was found, in a sentence. */
  readonly says: string;
  readonly cure?: string;
}

/** A check looks and reports; whatever it throws is reported too, and the other checks go on. */
export interface Check {
  readonly name: string;
  look(session: Session): Promise<readonly Finding[]>;
}
