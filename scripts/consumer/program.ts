// A project that uses Millrace as a stranger would: from the published packages, under an ordinary compiler setting.
import * as core from "@millrace/core";
import * as engine from "@millrace/core/engine";
import * as plugin from "@millrace/core/plugin";
import * as resilience from "@millrace/resilience";
import * as storeSqlite from "@millrace/store-sqlite";
import * as xcomFile from "@millrace/xcom-file";

for (const [door, names] of Object.entries({ core, engine, plugin, resilience, storeSqlite, xcomFile })) {
  console.log(door, Object.keys(names).join(" "));
}
