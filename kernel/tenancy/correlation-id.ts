import { randomUUID } from 'node:crypto';

const correlationIdPattern = /^[A-Za-z0-9_.:-]{1,128}$/;

/** The correlation id of a request: the caller's own if it is well-formed, else a new one. */
export function correlationIdOf(sent: string | undefined): string {
  return sent !== undefined && correlationIdPattern.test(sent) ? sent : randomUUID();
}
