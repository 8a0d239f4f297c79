const opening = ' Did you mean ';

/** A message of validation or coercion without the names of the schema that the client could have meant. */
export function withoutSuggestions(message: string): string {
  // Sought from the end, and not by an expression: a message can hold a value of the client's, of any length.
  const start = message.endsWith('?') ? message.lastIndexOf(opening) : -1;
  return start === -1 ? message : message.slice(0, start);
}
