/** A piece of an answer in parts, as a client reads it. */
export interface AnswerPiece {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly PieceError[];
  readonly incremental?: readonly DeferredItem[];
  readonly hasNext: boolean;
}

export interface DeferredItem {
  readonly path: readonly (string | number)[];
  readonly label?: string;
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly PieceError[];
}

interface PieceError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** The pieces of a `multipart/mixed` response with the boundary `-`, each as soon as it is whole. */
export async function* readParts(response: Response): AsyncGenerator<AnswerPiece, void> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const pieces = text.split('\r\n---');
    text = pieces.pop() ?? '';
    for (const piece of pieces) {
      const [, body] = piece.split('\r\n\r\n');
      if (body !== undefined) yield JSON.parse(body) as AnswerPiece;
    }
  }
  if (text !== '--\r\n') throw new Error(`The response ends with ${JSON.stringify(text)}.`);
}

export async function allPieces(parts: AsyncIterable<AnswerPiece>): Promise<readonly AnswerPiece[]> {
  const pieces: AnswerPiece[] = [];
  for await (const piece of parts) pieces.push(piece);
  return pieces;
}

/** The data of a whole answer, when all of its pieces are put together. */
export function putTogether(pieces: readonly AnswerPiece[]): unknown {
  const whole: Record<string, unknown> = {};
  for (const { data, incremental = [] } of pieces) {
    if (data !== undefined) whole.data = data;
    for (const item of incremental) {
      const holder = item.path
        .slice(0, -1)
        .reduce((at: never, key) => at[key], (item.path.length > 0 ? whole.data : whole) as never);
      const key = item.path.at(-1) ?? 'data';
      (holder as Record<string | number, unknown>)[key] = merge(holder[key], item.data);
    }
  }
  return whole.data;
}

function merge(known: unknown, value: unknown): unknown {
  if (typeof known !== 'object' || known === null || typeof value !== 'object' || value === null) return value;
  const merged = known as Record<string, unknown>;
  for (const [key, below] of Object.entries(value)) merged[key] = merge(merged[key], below);
  return merged;
}
