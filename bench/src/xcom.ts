import { join } from "node:path";
import type { Figure, Gap } from "./figure.ts";
import type { Sizes } from "./sizes.ts";
import { aesContest } from "./xcom-aes.ts";
import { fileContests } from "./xcom-file.ts";
import { gzipContest } from "./xcom-gzip.ts";
import { measureXComKeys } from "./xcom-keys.ts";
import { measureContest } from "./xcom-races.ts";
import { withS3Contest } from "./xcom-s3.ts";
import { measureXComStack } from "./xcom-stack.ts";

/** The parts of XCom backends, each beside what it is made of, and all of them together. */
export async function measureXCom(folder: string, sizes: Sizes): Promise<(Figure | Gap)[]> {
  const { xcom } = sizes;
  const figures: Figure[] = [];
  for (const contest of [gzipContest, aesContest, ...fileContests(join(folder, "file"))])
    figures.push(...(await measureContest(contest, xcom)));
  return [
    ...figures,
    ...(await withS3Contest((contest) => measureContest(contest, xcom))),
    ...(await measureXComStack(join(folder, "stack"), xcom)),
    await measureXComKeys(join(folder, "keys.db"), xcom),
  ];
}
