import { z } from 'zod';
import type { CreateDealInput, UpdateDealInput } from '../../generated/graphql/crm.ts';
import type { Publish } from '../../kernel/audit/mutation-run.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, runCommand } from '../../kernel/subgraph/command.ts';
import { baseVersion, type CommandResult, currency, done, entityId, parseInput } from '../../kernel/subgraph/input.ts';
import { dealChange, findPeople, type People } from './changes.ts';
import { amount, clearable, day, dealStage, kept, optional, title } from './input-fields.ts';
import type { CrmContext } from './loaders.ts';
import { announceMilestones } from './milestone-commands.ts';
import { type RecordKind, readToChange } from './record-to-change.ts';
import { changeDeal, insertDeal } from './store/deals.ts';
import type { CrmTransaction, DealModel } from './store.ts';

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

const dealKind: RecordKind<DealModel> = { table: 'deals', noun: 'deal' };

/** When a deal that comes to a stage now is closed: now, or not yet. */
function closingTime(stage: DealModel['stage']): Date | null {
  return stage === 'WON' || stage === 'LOST' ? new Date() : null;
}

/**
 * Inserts a deal and publishes it. One that is WON or LOST from the start is so by a second change, like any other: whoever
 * waits for deals that are won hears of it.
 */
export async function openDeal(
  tx: CrmTransaction,
  publish: Publish,
  { stage, ...fields }: Omit<Parameters<typeof insertDeal>[1], 'stage' | 'closedAt'> & Pick<DealModel, 'stage'>,
  people: People,
): Promise<DealModel> {
  const closedAt = closingTime(stage);
  const opened = await insertDeal(tx, { ...fields, stage: closedAt ? 'OPEN' : stage });
  publish(dealChange('DEAL_CREATED', opened, people));
  if (!closedAt) return opened;
  const deal = await changeDeal(tx, opened, { stage, closedAt });
  publish(dealChange(`DEAL_${stage}`, deal, people));
  await announceMilestones(tx, publish, deal);
  return deal;
}

/** Creates a deal. */
export async function createDeal(context: CrmContext, input: CreateDealInput): Promise<CommandResult<DealModel>> {
  const parsed = parseInput(createDealInput, input);
  if (!parsed.ok) return parsed;
  const { id, ...fields } = parsed.value;
  return runCommand(context, dealConstraints, async (tx, publish) => {
    const people = await findPeople(tx, context, [fields.contactId]);
    return done(await openDeal(tx, publish, { ...fields, id: id ?? newEntityId() }, people));
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
    await announceMilestones(tx, publish, deal);
    return done(deal);
  });
}
