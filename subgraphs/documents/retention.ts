import { z } from 'zod';
import type { RetentionRule, SetRetentionRuleInput } from '../../generated/graphql/documents.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, parseInput } from '../../kernel/subgraph/input.ts';
import type { DocumentsContext } from './loaders.ts';
import { findRetentionRules, putRetentionRule } from './store/retention.ts';
import type { DocumentsTransaction } from './store.ts';

const documentTypes = ['CONTRACT', 'INVOICE', 'REPORT', 'NOTE', 'OTHER'] as const;

/** How many years documents are kept of which neither they nor the tenant say so. */
const defaultYears = 7;

const setRetentionRuleInput = z.object({
  type: z.enum(documentTypes),
  years: z.int().min(1, 'Keep documents for at least 1 year.').max(100, 'Keep documents for at most 100 years.'),
});

/** The rule for every type, whether or not the tenant has set it. */
export async function readRetentionRules(tx: DocumentsTransaction): Promise<RetentionRule[]> {
  const set = new Map((await findRetentionRules(tx)).map(({ type, years }) => [type, years]));
  return documentTypes.map((type) => ({ type, years: set.get(type) ?? defaultYears }));
}

/** Sets the rule for a type. */
export async function setRetentionRule(
  context: DocumentsContext,
  input: SetRetentionRuleInput,
): Promise<CommandResult<RetentionRule>> {
  const parsed = parseInput(setRetentionRuleInput, input);
  if (!parsed.ok) return parsed;
  return runCommand(context, {}, async (tx, publish) => {
    const { type, years, version } = await putRetentionRule(tx, parsed.value);
    publish({ type: 'RETENTION_RULE_SET', entityId: type, version, data: { type, years } });
    return done({ type, years });
  });
}
