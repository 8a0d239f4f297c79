/** Collects a body of at most `limit` bytes; undefined when there are more, and then the rest is not read. */
export async function collectBytes(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit: number,
): Promise<Buffer | undefined> {
  const collected: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (length > limit) return undefined;
    collected.push(chunk);
  }
  return Buffer.concat(collected, length);
}
