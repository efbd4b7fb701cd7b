import { LabelGuard } from "./label-guard.ts";
import { type MetricDefinition, MetricFamily } from "./metric-family.ts";

/** Every metric of one engine. */
export class MetricRegistry {
  readonly #families = new Map<string, MetricFamily>();
  readonly #collectors: (() => void)[] = [];
  readonly #maxLabelValues: number;
  /** Told of each new metric, where somebody wants to know. */
  onDefine: ((family: MetricFamily) => void) | undefined;
  /** How often a label value became `other`. */
  folded = 0;

  constructor(maxLabelValues: number) {
    this.#maxLabelValues = maxLabelValues;
  }

  get families(): Iterable<MetricFamily> {
    return this.#families.values();
  }

  get(name: string): MetricFamily | undefined {
    return this.#families.get(name);
  }

  define(definition: MetricDefinition): MetricFamily {
    const family = new MetricFamily(definition, new LabelGuard(this.#maxLabelValues, () => this.folded++));
    this.#families.set(definition.name, family);
    this.onDefine?.(family);
    return family;
  }

  /** Called before values are read: sets those that are looked up only then. */
  onCollect(collector: () => void): void {
    this.#collectors.push(collector);
  }

  collect(): void {
    for (const collector of this.#collectors) collector();
  }
}
