import { z } from 'zod';
import type { RecordConsentInput } from '../../generated/graphql/analytics.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput } from '../../kernel/subgraph/input.ts';
import { consentRecording } from './changes.ts';
import type { AnalyticsContext } from './loaders.ts';
import { putConsent } from './store/consents.ts';
import { type ConsentModel, changeBehavior, lockBehavior } from './store.ts';

const recordConsentInput = z.object({
  customerId: entityId(),
  purpose: z.enum(['ANALYTICS', 'PERSONALISATION', 'MARKETING']),
  granted: z.boolean(),
});

/** Records the word of a customer. It is a change of what is kept of the customer's behavior, whose changes it counts with. */
export async function recordConsent(
  context: AnalyticsContext,
  input: RecordConsentInput,
): Promise<CommandResult<ConsentModel>> {
  const parsed = parseInput(recordConsentInput, input);
  if (!parsed.ok) return parsed;
  return runCommand(context, {}, async (tx, publish) => {
    const { customerId } = await lockBehavior(tx, parsed.value.customerId);
    const consent = await putConsent(tx, parsed.value);
    const { revision } = await changeBehavior(tx, customerId, {});
    publish(consentRecording(consent, revision));
    return done(consent);
  });
}
