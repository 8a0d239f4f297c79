import type { ConsentPurpose } from '../../../generated/graphql/analytics.ts';
import { missingRows } from '../../../kernel/data/missing-rows.ts';
import type { AnalyticsTransaction, ConsentModel } from '../store.ts';

export type NewConsent = Pick<ConsentModel, 'customerId' | 'purpose' | 'granted'>;

/** The consents of some customers, by purpose. */
export async function findConsentsOf(
  tx: AnalyticsTransaction,
  customerIds: readonly string[],
): Promise<ConsentModel[]> {
  const where = { tenantId: tx.tenantId, customerId: { in: [...customerIds] } };
  return (await tx.client.consent.findMany({ where, orderBy: { purpose: 'asc' } })) as ConsentModel[];
}

/** Keeps the last word of a customer on a purpose. */
export async function putConsent(
  tx: AnalyticsTransaction,
  { customerId, purpose, granted }: NewConsent,
): Promise<ConsentModel> {
  const key = { tenantId: tx.tenantId, customerId, purpose };
  const recordedAt = new Date();
  const consent = await tx.client.consent.upsert({
    where: { tenantId_customerId_purpose: key },
    create: { ...key, granted, recordedAt },
    update: { granted, recordedAt },
  });
  return { ...consent, purpose: consent.purpose as ConsentPurpose };
}

/** Writes consents with one statement; those that are there stay as they are. */
export async function insertMissingConsents(
  tx: AnalyticsTransaction,
  consents: readonly (NewConsent & { readonly recordedAt: Date })[],
): Promise<void> {
  await tx.client.consent.createMany(missingRows(tx, consents));
}
