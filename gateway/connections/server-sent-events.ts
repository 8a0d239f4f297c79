import { HttpConnectionError } from './http-exchange.ts';

/** One event of a stream: `message` where it names no other. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Reads server-sent events (HTML standard, section 9.2.6) from the bytes of a body; comments and the fields that matter
 * to browsers only are skipped. Rejects with `HttpConnectionError` when an event is larger than allowed.
 *
 * @param maxBytes How large one event may be.
 */
export async function* readServerSentEvents(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<ServerSentEvent, undefined> {
  let event = 'message';
  let data: string[] = [];
  let size = 0;
  for await (const line of readLines(body, maxBytes)) {
    size += line.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    const [field, value] = fieldOf(line);
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
    if (line !== '') continue;
    if (data.length > 0) yield { event, data: data.join('\n') };
    event = 'message';
    data = [];
    size = 0;
  }
  return undefined;
}

function fieldOf(line: string): readonly [field: string, value: string] {
  const colon = line.indexOf(':');
  return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}

/** The lines of a text, without their breaks. A last one without its break is not whole. */
async function* readLines(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true });
    const endsInReturn = rest.endsWith('\r');
    rest += text;
    if (!endsInReturn && !/[\r\n]/.test(text)) {
      if (rest.length > maxBytes) throw tooLarge(maxBytes);
      continue;
    }
    // A carriage return at the end may be half a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  return undefined;
}

function tooLarge(maxBytes: number): HttpConnectionError {
  return new HttpConnectionError(`An event is larger than ${maxBytes} bytes.`);
}
