import { runBeside } from "./child-process.ts";
import type { Figure } from "./figure.ts";
import type { Sizes } from "./sizes.ts";

/** What a task costs in a file that holds many others already. */
export async function measureFullFile(folder: string, { emptyFile, fullFile }: Sizes): Promise<Figure> {
  const { fewUs, manyUs } = await runBeside<Record<"fewUs" | "manyUs", number>>(
    "./full-file-child.ts",
    folder,
    String(emptyFile),
    String(fullFile),
  );
  return {
    id: "fullFile",
    name: `cost per task with ${fullFile.toLocaleString("en-US")} in the file, as against ${emptyFile.toLocaleString("en-US")}`,
    value: manyUs / fewUs,
    unit: "×",
    target: { atMost: 1.3 },
    note: `${manyUs.toFixed(1)} µs as against ${fewUs.toFixed(1)} µs`,
    more: { fewUs, manyUs },
  };
}
