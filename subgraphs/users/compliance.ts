import { type ComplianceRule, checkRules, type Findings } from '../../kernel/compliance/check-rules.ts';
import { isErrorCode } from '../../kernel/errors/codes.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { createServicePrincipal } from '../../kernel/tenancy/service-principal.ts';
import type { UsersContext } from './loaders.ts';
import {
  findAbsentUsers,
  findAllPowerfulKeys,
  findEndlessKeys,
  findGrantedAllRoles,
  findKeysMadeBefore,
} from './store/compliance.ts';
import type { UsersTransaction } from './store.ts';

const dayMillis = 86_400_000;
const daysBefore = (at: Date, days: number) => new Date(at.getTime() - days * dayMillis);

/** What the rules look into: the tables of this app, and another app that knows what credentials were used for. */
interface Records {
  readonly read: <T>(work: (tx: UsersTransaction) => Promise<T>) => Promise<T>;
  readonly findUsed: (credentialIds: readonly string[], since: Date) => Promise<readonly string[]>;
}

const rules: readonly ComplianceRule<Records>[] = [
  {
    name: 'role-that-allows-everything',
    severity: 'HIGH',
    entity: 'Role',
    message: 'The role allows everything (*), and somebody has it.',
    recommendation:
      'Give people roles that name what they need, and keep the one that allows everything for emergencies.',
    find: ({ read }, at, limit) => read((tx) => findGrantedAllRoles(tx, at, limit)),
  },
  {
    name: 'key-that-allows-everything',
    severity: 'HIGH',
    entity: 'ApiKey',
    message: 'The key allows everything (*).',
    recommendation: 'Replace keys that allow everything by keys with the permissions that each app needs.',
    find: ({ read }, at, limit) => read((tx) => findAllPowerfulKeys(tx, at, limit)),
  },
  {
    name: 'key-without-end',
    severity: 'MEDIUM',
    entity: 'ApiKey',
    message: 'The key never expires.',
    recommendation: 'Give every key a date on which it expires, and replace it before.',
    find: ({ read }, at, limit) => read((tx) => findEndlessKeys(tx, at, limit)),
  },
  {
    name: 'key-without-use',
    severity: 'MEDIUM',
    entity: 'ApiKey',
    message: 'The key has not been used for 90 days.',
    recommendation: 'Revoke keys that nobody uses.',
    async find({ read, findUsed }, at, limit) {
      const since = daysBefore(at, 90);
      const ids = await read((tx) => findKeysMadeBefore(tx, at, since, limit));
      const used = new Set(ids.length > 0 ? await findUsed(ids, since) : []);
      return ids.filter((id) => !used.has(id));
    },
  },
  {
    name: 'user-without-login',
    severity: 'MEDIUM',
    entity: 'User',
    message: 'The user has not logged in for 180 days.',
    recommendation: 'Ask people who have not logged in for 180 days whether they still need their account.',
    find: ({ read }, at, limit) => read((tx) => findAbsentUsers(tx, daysBefore(at, 180), limit)),
  },
];

const usedCredentials = `query ($ids: [ID!]!, $since: DateTime!) { usedCredentials(ids: $ids, since: $since) }`;

/** Which credentials were used since an instant, as the audit records have it. Rejects when the app that reads them fails. */
async function findUsed(
  { callApp, tenantId, correlationId }: UsersContext,
  ids: readonly string[],
  since: Date,
): Promise<readonly string[]> {
  const { data, errors } = await callApp('security', {
    document: usedCredentials,
    operationName: undefined,
    operationKind: 'query',
    variables: { ids, since: since.toISOString() },
    context: {
      principal: createServicePrincipal('users', tenantId, ['read:security']),
      correlationId,
      operationName: undefined,
      signal: new AbortController().signal,
    },
  });
  const [error] = errors ?? [];
  if (!error) return data?.usedCredentials as string[];
  const code = error.extensions?.code;
  throw new PanoramaError(isErrorCode(code) ? code : 'INTERNAL', error.message);
}

/** What breaks the rules for accounts, keys and roles at an instant. */
export function findBreaches(context: UsersContext, at: Date | null | undefined): Promise<Findings> {
  const records: Records = {
    read: (work) => context.database.read(context, work),
    findUsed: (ids, since) => findUsed(context, ids, since),
  };
  return checkRules('users', rules, records, at ?? new Date());
}
