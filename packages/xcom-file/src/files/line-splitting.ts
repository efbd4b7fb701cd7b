const newline = 0x0a;

/**
 * Lines of a stream of bytes, without their ends. Holds one piece and one unfinished line, whatever the length of the
 * stream; a line longer than `maxBytes` stops it by `tooLong`. (`node:readline` has no such limit, and decoding whole
 * lines here is several times as fast as a stream of strings.)
 */
export async function* splitLines(
  pieces: AsyncIterable<Buffer>,
  maxBytes: number,
  tooLong: (lineIndex: number, sizeBytes: number) => Error,
): AsyncGenerator<string[], void, undefined> {
  let unfinished: Buffer[] = [];
  let unfinishedBytes = 0;
  let lineIndex = 0;
  for await (const piece of pieces) {
    const lines: string[] = [];
    let start = 0;
    for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, start)) {
      const sizeBytes = unfinishedBytes + end - start;
      if (sizeBytes > maxBytes) throw tooLong(lineIndex, sizeBytes);
      if (unfinishedBytes === 0) lines.push(piece.toString("utf8", start, end));
      else {
        unfinished.push(piece.subarray(start, end));
        lines.push(Buffer.concat(unfinished).toString("utf8"));
        unfinished = [];
        unfinishedBytes = 0;
      }
      lineIndex++;
      start = end + 1;
    }
    if (start < piece.length) {
      // Copied, because the piece is used again for the next bytes.
      unfinished.push(Buffer.from(piece.subarray(start)));
      unfinishedBytes += piece.length - start;
      if (unfinishedBytes > maxBytes) throw tooLong(lineIndex, unfinishedBytes);
    }
    if (lines.length > 0) yield lines;
  }
  if (unfinishedBytes > 0) yield [Buffer.concat(unfinished).toString("utf8")];
}
