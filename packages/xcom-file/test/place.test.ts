import { mkdir, mkdtemp, readdir, readFile, realpath, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { xcomPlaceSuite } from "@millrace/testing/suites";
import { placeOf } from "../src/place/file.ts";
import { checkedOptions } from "../src/place/options.ts";

for (const byDescriptor of [true, false]) {
  xcomPlaceSuite(byDescriptor ? "file" : "file, on a system that cannot hold folders", async () => {
    const base = await realpath(await mkdtemp(join(tmpdir(), "xcom-file-")));
    const dir = join(base, "kept");
    await mkdir(dir);
    return {
      place: placeOf(checkedOptions({ dir }), { byDescriptor }),
      async damage(how, { filepath, size_bytes: size }) {
        const path = String(filepath);
        if (how === "lose") return unlink(path);
        if (how === "truncate") return truncate(path, Number(size) - 1);
        const bytes = await readFile(path);
        bytes[Number(size) >> 1] ^= 1;
        return writeFile(path, bytes);
      },
      async count() {
        const all = await readdir(dir, { recursive: true, withFileTypes: true });
        return all.filter((entry) => entry.isFile()).length;
      },
      outside: () => readdir(base),
      cleanup: () => rm(base, { recursive: true }),
    };
  });
}
