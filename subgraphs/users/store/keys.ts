import type { Prisma, PrismaClient } from '../../../generated/prisma/users/client.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import type { LookUpTransaction } from '../../../kernel/data/tenant-database.ts';
import type { ApiKeyModel, UsersTransaction } from '../store.ts';

/** The digest opens nothing without the platform's secret, and still goes nowhere. */
const omit = { digest: true } as const;

export type ApiKeyStatus = 'ACTIVE' | 'EXPIRED' | 'REVOKED';

/** Finds the key with a digest (hexadecimal) before the tenant is known; the table's `holder` policy shows it. */
export function findApiKeyByDigest(tx: LookUpTransaction<PrismaClient>, digest: string): Promise<ApiKeyModel | null> {
  return tx.client.apiKey.findFirst({ where: { digest: Uint8Array.from(Buffer.from(digest, 'hex')) }, omit });
}

/** Whether a key opens anything at an instant. */
export function statusOf({ revokedAt, expiresAt }: ApiKeyModel, now: Date): ApiKeyStatus {
  if (revokedAt) return 'REVOKED';
  return expiresAt && expiresAt <= now ? 'EXPIRED' : 'ACTIVE';
}

function whereStatus(status: ApiKeyStatus, now: Date): Prisma.ApiKeyWhereInput {
  if (status === 'REVOKED') return { revokedAt: { not: null } };
  if (status === 'EXPIRED') return { revokedAt: null, expiresAt: { lte: now } };
  return { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
}

function whereKeys(tx: UsersTransaction, status: ApiKeyStatus | undefined): Prisma.ApiKeyWhereInput {
  return { tenantId: tx.tenantId, ...(status && whereStatus(status, new Date())) };
}

export function findApiKeys(
  tx: UsersTransaction,
  status: ApiKeyStatus | undefined,
  page: PageQuery,
): Promise<ApiKeyModel[]> {
  const where = { AND: [whereKeys(tx, status), page.where] };
  return tx.client.apiKey.findMany({ where, orderBy: page.orderBy, take: page.take, omit });
}

export function countApiKeys(tx: UsersTransaction, status: ApiKeyStatus | undefined): Promise<number> {
  return tx.client.apiKey.count({ where: whereKeys(tx, status) });
}

export function findApiKeysById(tx: UsersTransaction, ids: readonly string[]): Promise<ApiKeyModel[]> {
  return tx.client.apiKey.findMany({ where: { tenantId: tx.tenantId, id: { in: [...ids] } }, omit });
}

/** Finds a key by its id or its prefix. */
export function findApiKeyNamed(tx: UsersTransaction, name: string): Promise<ApiKeyModel | null> {
  return tx.client.apiKey.findFirst({ where: { tenantId: tx.tenantId, OR: [{ id: name }, { prefix: name }] }, omit });
}

export type NewApiKey = Omit<Prisma.ApiKeyUncheckedCreateInput, 'tenantId'>;

export function insertApiKey(tx: UsersTransaction, key: NewApiKey): Promise<ApiKeyModel> {
  return tx.client.apiKey.create({ data: { ...key, tenantId: tx.tenantId }, omit });
}

/** Notes that a key was taken back; null when it was before, or there is none with this id. */
export async function noteRevocation(tx: UsersTransaction, id: string, revokedAt: Date): Promise<ApiKeyModel | null> {
  const [key] = await tx.client.apiKey.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id, revokedAt: null },
    data: { revokedAt, version: { increment: 1 } },
    omit,
  });
  return key ?? null;
}
