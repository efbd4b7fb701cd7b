// A project that uses Millrace as a stranger would: from the published packages, under an ordinary compiler setting.
import * as backfill from "@millrace/backfill";
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import * as plugin from "@millrace/core/plugin";
import * as notify from "@millrace/notify";
import * as resilience from "@millrace/resilience";
import * as storeSqlite from "@millrace/store-sqlite";
import { testDag } from "@millrace/testing";
import * as xcomAesGcm from "@millrace/xcom-aes-gcm";
import * as xcomFile from "@millrace/xcom-file";
import * as xcomGzip from "@millrace/xcom-gzip";
import * as xcomHybrid from "@millrace/xcom-hybrid";
import * as xcomS3 from "@millrace/xcom-s3";

interface Sale {
  readonly region: string;
  readonly amount: number;
}

const sales = dag("sales", {}, (d) => {
  const extract = d.task("extract", (): Sale[] => [
    { region: "eu", amount: 2 },
    { region: "us", amount: 3 },
  ]);
  d.task("total", { input: { rows: extract } }, ({ input, interval }) => {
    const start: number = interval.start.epochMilliseconds;
    return { start, sum: input.rows.reduce((sum, row) => sum + row.amount, 0) };
  });
});

/** Never called: only the compiler has to refuse it. */
export const refused = () =>
  dag("refused", {}, (d) => {
    const extract = d.task("extract", (): Sale[] => []);
    // @ts-expect-error the upstream's result is a list of sales, not a text
    d.task("shout", { input: extract }, ({ input }) => input.toUpperCase());
  });

const engine = await createEngine({ dags: [sales] });
const result = await engine.run(sales);
const total = await result.xcom("total");
await engine.close();
console.log(result.tasks.total?.state, total);
if (!JSON.stringify(total).includes('"sum":5')) throw new Error("the consumer's run gave another result");

const tested = await testDag(sales, { mock: { extract: [{ region: "eu", amount: 40 }] }, logicalDate: "2026-01-01" });
const totalOfMock = tested.orThrow().value<{ readonly sum: number }>("total");
if (totalOfMock?.sum !== 40) throw new Error("the consumer's test gave another result");

for (const [door, names] of Object.entries({
  backfill,
  notify,
  plugin,
  resilience,
  storeSqlite,
  xcomAesGcm,
  xcomFile,
  xcomGzip,
  xcomHybrid,
  xcomS3,
})) {
  console.log(door, Object.keys(names).join(" "));
}
