import { Lexer, Source, TokenKind } from 'graphql';
import type { OperationLimits } from '../../kernel/config/operation-limits.ts';
import { limitExceeded } from './limit-exceeded.ts';

const opening = new Set<string>([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const closing = new Set<string>([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/**
 * Looks at the text of a document before it is parsed: the parser would go as deep as the brackets do. Throws
 * `OPERATION_LIMIT_EXCEEDED`. What is no token is left to the parser, which says it better.
 */
export function checkDocumentText(text: string, limits: OperationLimits): void {
  if (text.length > limits.documentCharacters) throw limitExceeded(limits, 'documentCharacters');
  const lexer = new Lexer(new Source(text));
  let nesting = 0;
  for (let tokens = 1; ; tokens += 1) {
    const kind = nextKind(lexer);
    if (kind === undefined || kind === TokenKind.EOF) return;
    if (tokens > limits.tokens) throw limitExceeded(limits, 'tokens');
    if (opening.has(kind)) nesting += 1;
    else if (closing.has(kind)) nesting -= 1;
    if (nesting > limits.nesting) throw limitExceeded(limits, 'nesting');
  }
}

/** Undefined at what is no token. */
function nextKind(lexer: Lexer): string | undefined {
  try {
    return lexer.advance().kind;
  } catch {
    return undefined;
  }
}
