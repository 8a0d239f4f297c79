import { nextHead } from './messages.ts';

/** A connection that a socket is spoken on. Of what is written here nothing waits in the library. */
export interface FrameSink {
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
}

const textFrame = 0x81;
/** A ping without a payload. */
const pingFrame = Buffer.from([0x89, 0]);
/** What a frame says in the place of a length that needs 16 bits, and of one that needs 64. */
const length16 = 126;
const length64 = 127;
const closing = Buffer.from('}');
/** A longer payload is not copied: all who get it hold on to the same bytes. */
const mostCopied = 16 * 1024;
/** Clients that count their operations have few ids between them, others one for each. */
const mostShared = 16;

/** The payload that was written last, and its frames for some ids. */
let lastPayload: Uint8Array | undefined;
const frames = new Map<string, Buffer>();

/** Asks the peer whether it is still there. */
export function writePing(sink: FrameSink): void {
  sink.write(pingFrame);
}

/**
 * Writes an answer of an operation as one frame (RFC 6455, section 5.2). The library encodes each message by itself; here
 * the payload is encoded once for everyone who gets it, and the frame once for all who gave their operations the same id.
 * It is for sockets without compression.
 */
export function writeNext(sink: FrameSink, id: string, payload: Uint8Array): void {
  if (payload.length > mostCopied) {
    writeInPieces(sink, id, payload);
    return;
  }
  if (payload !== lastPayload) {
    lastPayload = payload;
    frames.clear();
  }
  let frame = frames.get(id);
  if (!frame) {
    frame = frameOf(id, payload);
    if (frames.size < mostShared) frames.set(id, frame);
  }
  sink.write(frame);
}

function frameOf(id: string, payload: Uint8Array): Buffer {
  const before = nextHead(id);
  const beforeLength = Buffer.byteLength(before);
  const length = beforeLength + payload.length + 1;
  const headLength = headLengthOf(length);
  const frame = Buffer.allocUnsafe(headLength + length);
  writeHead(frame, length);
  frame.write(before, headLength);
  frame.set(payload, headLength + beforeLength);
  frame[frame.length - 1] = closing[0] ?? 0;
  return frame;
}

function writeInPieces(sink: FrameSink, id: string, payload: Uint8Array): void {
  const before = nextHead(id);
  const beforeLength = Buffer.byteLength(before);
  const length = beforeLength + payload.length + 1;
  const headLength = headLengthOf(length);
  const head = Buffer.allocUnsafe(headLength + beforeLength);
  writeHead(head, length);
  head.write(before, headLength);
  sink.cork();
  sink.write(head);
  sink.write(payload);
  sink.write(closing);
  sink.uncork();
}

function headLengthOf(length: number): number {
  return length < length16 ? 2 : length < 65_536 ? 4 : 10;
}

function writeHead(frame: Buffer, length: number): void {
  frame[0] = textFrame;
  if (length < length16) {
    frame[1] = length;
  } else if (length < 65_536) {
    frame[1] = length16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = length64;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
}
