/** One whole answer on a connection. */
export interface Answer {
  readonly status: number;
  /** Bytes of the body; with chunked encoding, the marks of the chunks included. */
  readonly bytes: number;
}

const endOfHead = Buffer.from('\r\n\r\n');
const endOfChunks = '0\r\n\r\n';

/**
 * Finds the end of each HTTP/1.1 answer on one connection, where no request is sent before the last one is answered.
 * It reads the head and then only counts: a load generator that parses would measure itself.
 */
export function createAnswerReader(): (chunk: Buffer) => Answer | undefined {
  let head: Buffer | undefined;
  let status = 0;
  /** Undefined for a chunked body. */
  let length: number | undefined;
  let bytes = 0;
  let tail = '';

  function isWhole(chunk: Buffer): boolean {
    if (length !== undefined) return bytes >= length;
    tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - endOfChunks.length))).slice(-endOfChunks.length);
    return tail === endOfChunks;
  }

  function readBody(chunk: Buffer): Answer | undefined {
    bytes += chunk.length;
    if (!isWhole(chunk)) return undefined;
    const answer = { status, bytes };
    status = 0;
    bytes = 0;
    tail = '';
    return answer;
  }

  return (chunk) => {
    if (status !== 0) return readBody(chunk);
    const start = head ? Buffer.concat([head, chunk]) : chunk;
    const end = start.indexOf(endOfHead);
    // The buffer of the socket is used again for the next read, so what is kept is copied.
    head = end < 0 ? Buffer.from(start) : undefined;
    if (end < 0) return undefined;
    const text = start.toString('latin1', 0, end);
    status = Number(text.slice(9, 12));
    const declared = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    length = declared === undefined ? undefined : Number(declared);
    return readBody(start.subarray(end + endOfHead.length));
  };
}
