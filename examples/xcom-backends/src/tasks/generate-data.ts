import type { TaskContext } from "@millrace/core";
import { encodeValue } from "@millrace/core/plugin";
import type { ComparisonParams } from "../comparison-params.ts";
import { type MadeSample, makeSample, sampleSpecs } from "../data/samples.ts";

/** Makes every sample and passes it on under a key of its own, which the result lists. */
export async function generateData({
  params,
  xcom,
  log,
}: TaskContext<ComparisonParams, undefined>): Promise<readonly MadeSample[]> {
  const specs = sampleSpecs(params.max_bytes);
  const samples: MadeSample[] = [];
  for (const spec of specs) {
    const value = makeSample(spec, params.seed);
    await xcom.push(spec.name, value);
    samples.push({ ...spec, jsonBytes: Buffer.byteLength(encodeValue(value)) });
  }
  log.info("samples are made", { count: samples.length, seed: params.seed });
  return samples;
}
