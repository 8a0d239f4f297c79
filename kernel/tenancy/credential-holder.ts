import { PanoramaError } from '../errors/panorama-error.ts';
import type { Principal } from './principal.ts';

/** Whose credential it is that was refused; as far as it is known. */
export type CredentialHolder = Pick<Principal, 'tenantId' | 'credentialId' | 'userId'> & {
  readonly app: string | undefined;
};

const holders = new WeakMap<PanoramaError, CredentialHolder>();

/** Notes on a refusal whose credential it is about: for the audit records. The client, who may be anyone, is not told. */
export function noteHolder(refusal: unknown, { tenantId, credentialId, userId, app }: CredentialHolder): void {
  if (refusal instanceof PanoramaError) holders.set(refusal, { tenantId, credentialId, userId, app });
}

/** Whose credential a refusal is about; undefined when that is not known. */
export function holderOf(refusal: unknown): CredentialHolder | undefined {
  return refusal instanceof PanoramaError ? holders.get(refusal) : undefined;
}
