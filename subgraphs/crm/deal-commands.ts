import { z } from 'zod';
import type { CreateDealInput, UpdateDealInput } from '../../generated/graphql/crm.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, runCommand } from '../../kernel/subgraph/command.ts';
import { baseVersion, type CommandResult, currency, done, entityId, parseInput } from '../../kernel/subgraph/input.ts';
import { dealChange, findPeople } from './changes.ts';
import { amount, clearable, day, dealStage, kept, optional, title } from './input-fields.ts';
import type { CrmContext } from './loaders.ts';
import { readToChange } from './record-to-change.ts';
import { changeDeal, findDealsById, insertDeal } from './store/deals.ts';
import type { DealModel } from './store.ts';

const createDealInput = z.object({
  id: entityId().nullish(),
  title: title(),
  stage: dealStage(),
  amount: amount(),
  currency: currency(),
  contactId: optional(entityId()),
  companyId: optional(entityId()),
  expectedCloseOn: optional(day()),
});

const updateDealInput = z.object({
  id: entityId(),
  baseVersion: baseVersion().nullish(),
  title: kept(title()),
  stage: kept(dealStage()),
  amount: kept(amount()),
  currency: kept(currency()),
  contactId: clearable(entityId()),
  companyId: clearable(entityId()),
  expectedCloseOn: clearable(day()),
});

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const dealConstraints = {
  deals_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
  deals_contact: { code: 'NOT_FOUND', field: 'contactId', message: 'There is no contact with this id.' },
  deals_company: { code: 'NOT_FOUND', field: 'companyId', message: 'There is no company with this id.' },
} as const satisfies ConstraintMeanings;

const dealKind = { table: 'deals', findById: findDealsById, noun: 'deal' } as const;

/** When a deal that comes to a stage now is closed: now, or not yet. */
export function closingTime(stage: DealModel['stage']): Date | null {
  return stage === 'WON' || stage === 'LOST' ? new Date() : null;
}

/** Creates a deal. */
export async function createDeal(context: CrmContext, input: CreateDealInput): Promise<CommandResult<DealModel>> {
  const parsed = parseInput(createDealInput, input);
  if (!parsed.ok) return parsed;
  const { id, ...fields } = parsed.value;
  return runCommand(context, dealConstraints, async (tx, publish) => {
    const deal = await insertDeal(tx, { ...fields, id: id ?? newEntityId(), closedAt: closingTime(fields.stage) });
    publish(dealChange('DEAL_CREATED', deal, await findPeople(tx, context, [deal.contactId])));
    return done(deal);
  });
}

/** Changes the given fields of a deal. It closes when its stage becomes WON or LOST, and opens again with any other. */
export async function updateDeal(context: CrmContext, input: UpdateDealInput): Promise<CommandResult<DealModel>> {
  const parsed = parseInput(updateDealInput, input);
  if (!parsed.ok) return parsed;
  const { id, baseVersion, ...change } = parsed.value;
  return runCommand(context, dealConstraints, async (tx, publish) => {
    const current = await readToChange(tx, dealKind, { id, baseVersion });
    if (!current.ok) return current;
    const { stage } = change;
    const moves = stage !== undefined && stage !== current.value.stage;
    const deal = await changeDeal(tx, current.value, { ...change, ...(moves && { closedAt: closingTime(stage) }) });
    const people = await findPeople(tx, context, [current.value.contactId, deal.contactId]);
    publish(dealChange(moves && deal.closedAt ? `DEAL_${deal.stage}` : 'DEAL_UPDATED', deal, people));
    return done(deal);
  });
}
