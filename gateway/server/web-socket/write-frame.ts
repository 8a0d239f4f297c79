/** A connection that a socket is spoken on. */
export interface FrameSink {
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
}

const textFrame = 0x81;
/** What a frame says in the place of a length that needs 16 bits, and of one that needs 64. */
const length16 = 126;
const length64 = 127;
const closing = Buffer.from('}');
/** A longer payload is not copied: all who get it hold on to the same bytes. */
const mostCopied = 16 * 1024;

/**
 * Writes a text message as one frame (RFC 6455, section 5.2): `before`, the payload, and a closing brace. The library
 * encodes each message by itself; here the payload is encoded once for everyone who gets it, and goes out in one write.
 * It is for sockets without compression, of which nothing waits in the library.
 */
export function writeFrame(sink: FrameSink, before: Uint8Array, payload: Uint8Array): void {
  const length = before.length + payload.length + 1;
  const headLength = length < length16 ? 2 : length < 65_536 ? 4 : 10;
  if (payload.length > mostCopied) {
    const head = Buffer.allocUnsafe(headLength + before.length);
    writeHead(head, length);
    head.set(before, headLength);
    sink.cork();
    sink.write(head);
    sink.write(payload);
    sink.write(closing);
    sink.uncork();
    return;
  }
  const frame = Buffer.allocUnsafe(headLength + length);
  writeHead(frame, length);
  frame.set(before, headLength);
  frame.set(payload, headLength + before.length);
  frame[frame.length - 1] = closing[0] ?? 0;
  sink.write(frame);
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
