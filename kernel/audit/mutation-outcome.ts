import { PanoramaError } from '../errors/panorama-error.ts';
import type { AuditRecord } from './audit-record.ts';

/** How a mutation ended, as its record says it. */
export type MutationEnd = Pick<AuditRecord, 'outcome' | 'code' | 'reason' | 'permission'>;

const denials: ReadonlySet<unknown> = new Set(['FORBIDDEN', 'UNAUTHENTICATED']);

/** Tells whether a code says that somebody may not do something. */
export function isDenial(code: unknown): boolean {
  return denials.has(code);
}

/** How a mutation ended that gave a payload: it did nothing if there are `userErrors`. */
export function outcomeOfPayload(payload: unknown): MutationEnd {
  const { userErrors } = (payload ?? {}) as { readonly userErrors?: readonly { readonly code?: unknown }[] };
  const [mistake] = Array.isArray(userErrors) ? userErrors : [];
  if (!mistake) return { outcome: 'DONE' };
  return { outcome: isDenial(mistake.code) ? 'DENIED' : 'REFUSED', code: textOf(mistake.code) };
}

/** How a mutation ended that threw. What no client sees is not in the record either. */
export function outcomeOfError(error: unknown): MutationEnd {
  if (!(error instanceof PanoramaError) || error.code === 'INTERNAL') return { outcome: 'FAILED', code: 'INTERNAL' };
  return { outcome: isDenial(error.code) ? 'DENIED' : 'REFUSED', ...causeOf(error.extensions) };
}

/** What a refusal says of its cause. */
export function causeOf(
  extensions: Readonly<Record<string, unknown>>,
): Pick<MutationEnd, 'code' | 'reason' | 'permission'> {
  const { code, reason, permission } = extensions;
  return { code: textOf(code), reason: textOf(reason), permission: textOf(permission) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
