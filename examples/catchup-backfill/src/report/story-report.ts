/** What the story leaves for its report. Instants are milliseconds since the epoch, in the time of the story. */
export interface StoryReport {
  readonly beganAt: number;
  readonly endedAt: number;
  /** Real seconds that it took. */
  readonly tookSeconds: number;
  readonly chapters: readonly Chapter[];
  readonly dags: readonly DagFigures[];
  readonly skipped: readonly SkippedWork[];
  readonly checks: readonly Check[];
  readonly messages: readonly { readonly at: number; readonly text: string }[];
  readonly catchup: readonly RunSpan[];
  readonly recovery: readonly RunSpan[];
  readonly resources: ResourceUse | undefined;
}

export interface Chapter {
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  readonly lines: readonly string[];
}

/** What a DAG did in the whole story. */
export interface DagFigures {
  readonly dagId: string;
  readonly runs: number;
  readonly byState: Readonly<Record<string, number>>;
  readonly byType: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly mostActive: number;
  readonly limit: number;
}

export interface SkippedWork {
  readonly dagId: string;
  readonly what: string;
  readonly why: string;
  readonly count: number;
}

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

/** A run as it lay in time. */
export interface RunSpan {
  readonly label: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly state: "success" | "failed" | "skipped";
}

export interface ResourceSample {
  /** Runs of the backfill that had ended. */
  readonly runsDone: number;
  readonly activeRuns: number;
  readonly memoryBytes: number;
  readonly storeBytes: number;
  readonly targetBytes: number;
}

export interface ResourceUse {
  readonly title: string;
  readonly activeLimit: number;
  readonly samples: readonly ResourceSample[];
}
