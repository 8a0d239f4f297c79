import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { missingPermissions } from '../../kernel/permissions/need.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { RefusedField } from '../plan/output-shape.ts';

/**
 * Why a principal, or a caller without one, may not see a field: `FORBIDDEN` with the permissions that are missing, or
 * `UNAUTHENTICATED`. A need that no permission meets has the reason POLICY_UNDECIDED.
 *
 * @param path The place of the null in the answer; undefined when there is no answer.
 */
export function accessError(
  { coordinate, needs }: Pick<RefusedField, 'coordinate' | 'needs'>,
  principal: Principal | undefined,
  path?: readonly (string | number)[],
): PanoramaError {
  const what = coordinate ?? 'this object';
  const options = path ? { path } : {};
  if (!principal) return new PanoramaError('UNAUTHENTICATED', `A credential is needed for ${what}.`, {}, options);
  if (needs.some(({ need }) => need === undefined)) {
    const message = `A policy that this gateway cannot decide stands before ${what}.`;
    return new PanoramaError('FORBIDDEN', message, { reason: 'POLICY_UNDECIDED' }, options);
  }
  const missing = needs.flatMap(({ need }) => (need ? missingPermissions(principal, need).split(' and ') : []));
  const permission = [...new Set(missing)].sort().join(' and ');
  return new PanoramaError('FORBIDDEN', `The permission ${permission} is needed for ${what}.`, { permission }, options);
}
