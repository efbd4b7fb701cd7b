/** Large task results as files: a place for XComs, and data sets by reference. */
export {
  type DatasetRecord,
  type DirectRecord,
  type FileReference,
  isFileReference,
  parseDatasetRecord,
} from "./datasets/dataset-reference.ts";
export {
  type LoadDatasetOptions,
  loadDataset,
  type StreamDatasetOptions,
  streamDataset,
} from "./datasets/load-dataset.ts";
export type { DatasetFormat } from "./datasets/record-encoding.ts";
export { type RemoveDatasetsOptions, type RemovedDatasets, removeDatasets } from "./datasets/remove-datasets.ts";
export { type StoreDatasetOptions, storeLargeDataset } from "./datasets/store-large-dataset.ts";
export { type FileErrorCode, fileErrorTable } from "./errors.ts";
export type { ChecksumAlgorithm } from "./files/checksums.ts";
export { manifest } from "./manifest.ts";
export { file } from "./place/file.ts";
export type { FileOptions } from "./place/options.ts";
export { type RemovedXComFiles, type RemoveXComFilesOptions, removeXComFiles } from "./place/remove-xcom-files.ts";
