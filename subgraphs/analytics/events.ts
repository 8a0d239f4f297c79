import type { PrismaClient } from '../../generated/prisma/analytics/client.ts';
import type { Change } from '../../kernel/changes/change.ts';
import type { EventHandlers } from '../../kernel/changes/handlers/event-handler.ts';
import { behaviorChange } from './changes.ts';
import { announceCrossings } from './crossings.ts';
import { startOfDay } from './day.ts';
import { endTracking } from './onboarding.ts';
import { countDocument } from './store/document-metrics.ts';
import { changeBehavior, countUp, lockBehavior } from './store.ts';

/** How many words processing has found in a document. */
function wordsOf({ data }: Change): number {
  const { wordCount } = (data.processing ?? {}) as { readonly wordCount?: number | null };
  return wordCount ?? 0;
}

/** What analytics does when something has happened in another app. */
export const events: EventHandlers<PrismaClient> = {
  /** Tracks a new customer from the first day on, with a score of 0, unless something of theirs was tracked before. */
  async USER_CREATED({ entityId }, { tx, publish }) {
    const behavior = await lockBehavior(tx, entityId);
    if (behavior.revision > 0) return 'unchanged';
    publish(behaviorChange(await changeBehavior(tx, entityId, {})));
    return 'changed';
  },

  /** Ends a tracking that nothing has come of yet; what was tracked of a customer only an erasure removes. */
  async USER_DELETED({ entityId }, { tx, publish }) {
    return (await endTracking(tx, publish, entityId)) ? 'changed' : 'unchanged';
  },

  /** Counts the document into the metrics of its day and into those of its owner. */
  async DOCUMENT_PROCESSED(change, { tx, publish }) {
    const wordCount = wordsOf(change);
    const customerId = String(change.data.ownerId);
    const day = startOfDay(change.at);
    const processed = await countUp(tx, 'documents.processed', day);
    const words = await countUp(tx, 'documents.words', day, wordCount);
    const ofCustomer = await countDocument(tx, { customerId, wordCount, processedAt: change.at });
    const counted = ofCustomer.processedCount;
    const counts = Number(ofCustomer.wordCount);
    await announceCrossings(tx, publish, [
      { metric: 'documents.processed', customerId: null, before: processed - 1, after: processed },
      { metric: 'documents.words', customerId: null, before: words - wordCount, after: words },
      { metric: 'documentsProcessed', customerId, before: counted - 1, after: counted },
      { metric: 'wordsProcessed', customerId, before: counts - wordCount, after: counts },
    ]);
    return 'changed';
  },
};
