import type { AuditKinds } from '../../kernel/audit/record-mutations.ts';

/** The mutations that make keys, take them back or exchange them: in the audit records they stand as that. */
export const keyChanges = {
  createApiKey: 'KEY_CREATED',
  revokeApiKey: 'KEY_REVOKED',
  issueToken: 'KEY_EXCHANGED',
} as const satisfies AuditKinds;
