import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** The subgraph gave no GraphQL answer over HTTP. The message names neither its URL nor what it said instead. */
export class HttpConnectionError extends Error {
  override readonly name = 'HttpConnectionError';
}

type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

const decompressions = new Map([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

/**
 * One request and its response on a connection that undici keeps. `body` resolves with the bytes of a GraphQL response;
 * it rejects with `HttpConnectionError` for any other, and with the reason given to `end`.
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly body: Promise<Buffer>;
  readonly #maxBytes: number;
  readonly #resolve: (body: Buffer | Promise<Buffer>) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #encoding: string | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #hasResponse = false;
  #endReason: Error | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    this.body = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Ends the exchange, also one that still waits for its connection. */
  end(reason: Error): void {
    this.#endReason = reason;
    this.#reject(reason);
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#endReason) controller.abort(this.#endReason);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (status < 200) return;
    this.#hasResponse = true;
    const encoding = headers['content-encoding'];
    this.#encoding = encoding === 'identity' ? undefined : encoding?.toString();
    if (!isAnswer(status, headers['content-type'])) {
      this.end(new HttpConnectionError(`The subgraph answered with status ${status} and no GraphQL response.`));
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.byteLength;
    if (this.#size > this.#maxBytes) this.end(tooLarge(this.#maxBytes));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, this.#size);
    this.#resolve(this.#encoding === undefined ? body : decompress(body, this.#encoding, this.#maxBytes));
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    const message = this.#hasResponse ? 'The answer of the subgraph broke off.' : 'The subgraph could not be reached.';
    this.#reject(new HttpConnectionError(message, { cause }));
  }
}

/**
 * With `application/json`, an answer of another status may come from anything on the way: the protocol says so. A
 * redirect is no answer either, and is not followed.
 */
export function isAnswer(status: number, contentType: string | string[] | undefined): boolean {
  if (typeof contentType !== 'string') return false;
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  const isSuccess = status >= 200 && status < 300;
  return mediaType === 'application/graphql-response+json' || (mediaType === 'application/json' && isSuccess);
}

async function decompress(body: Buffer, encoding: string, maxOutputLength: number): Promise<Buffer> {
  const decompression = decompressions.get(encoding.toLowerCase());
  if (!decompression)
    throw new HttpConnectionError('The answer of the subgraph is encoded in a way that is not known.');
  try {
    return await decompression(body, { maxOutputLength });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxOutputLength);
    throw new HttpConnectionError('The answer of the subgraph broke off.', { cause });
  }
}

function tooLarge(maxBytes: number): HttpConnectionError {
  return new HttpConnectionError(`The answer is larger than ${maxBytes} bytes.`);
}
