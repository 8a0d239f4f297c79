import type { GraphQLFormattedError } from 'graphql';

/** The answer to a `ping`, without what it carried. */
export const pongText = '{"type":"pong"}';

/** Lets a socket in, and says under which id its operations are found in the log that name none of their own. */
export function ackText(correlationId: string): string {
  return `{"type":"connection_ack","payload":{"x-correlation-id":${JSON.stringify(correlationId)}}}`;
}

/** What stands before the text of an answer in the message that carries it; behind it stands `}`. */
export function nextHead(id: string): string {
  return `{"id":${JSON.stringify(id)},"type":"next","payload":`;
}

/** Ends an operation that was refused, or breaks off. */
export function errorText(id: string, errors: readonly GraphQLFormattedError[]): string {
  return `{"id":${JSON.stringify(id)},"type":"error","payload":${JSON.stringify(errors)}}`;
}

/** Ends an operation that has no more answers. */
export function completeText(id: string): string {
  return `{"id":${JSON.stringify(id)},"type":"complete"}`;
}
