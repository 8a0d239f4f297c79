/**
 * Reads the parts of a `multipart/mixed` response (incremental delivery) as they arrive; each part's body is JSON.
 * Parts are separated as RFC 2046 section 5.1.1 says: CRLF, two hyphens, the boundary.
 */
export async function* readParts<Part>(response: Response, contentType: string): AsyncGenerator<Part, void> {
  if (response.body === null) return;
  const separator = `\r\n--${boundaryOf(contentType)}`;
  // The first separator may open the body, without the line break before it.
  let held = '\r\n';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const pieces = (held + text).split(separator);
    held = pieces.pop() ?? '';
    for (const piece of pieces) yield* bodyOf<Part>(piece);
  }
}

function boundaryOf(contentType: string): string {
  return /boundary="?([^";]+)"?/i.exec(contentType)?.[1] ?? '-';
}

function* bodyOf<Part>(piece: string): Generator<Part, void> {
  const start = piece.indexOf('\r\n\r\n');
  const body = start === -1 ? '' : piece.slice(start).trim();
  if (body !== '') yield JSON.parse(body);
}
