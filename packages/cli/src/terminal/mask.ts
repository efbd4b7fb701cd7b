/** The masker of the process, as core shares it: known without loading core, so that `--help` stays quick. */
interface SharedMasker {
  readonly isActive: boolean;
  mask(text: string): string;
  maskLine(text: string, memory: object): string;
}

function masker(): SharedMasker | undefined {
  const shared = (globalThis as { [key: symbol]: SharedMasker | undefined })[Symbol.for("millrace.masker")];
  return shared?.isActive ? shared : undefined;
}

/** A text without secrets that tasks of this process were given. */
export function withoutSecrets(text: string): string {
  return masker()?.mask(text) ?? text;
}

/** The same for what is printed in pieces: a secret may be split over two of them. */
export function maskedPieces(): (piece: string | Uint8Array) => string | Uint8Array {
  const memory = {};
  return (piece) =>
    masker()?.maskLine(typeof piece === "string" ? piece : Buffer.from(piece).toString(), memory) ?? piece;
}
