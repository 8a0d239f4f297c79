import type {
  QueryActivitiesArgs,
  QueryCompaniesArgs,
  QueryContactsArgs,
  QueryDealsArgs,
  QueryLeadsArgs,
} from '../../generated/graphql/crm.ts';
import { type Connection, type Ordering, pageSize, planPage, readListSize } from '../../kernel/data/page.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { CrmContext } from './loaders.ts';
import { milestoneId } from './milestone-commands.ts';
import { assigneesFor, assigneesOfSubjects } from './rules.ts';
import { countActivities, findActivities } from './store/activities.ts';
import { countCompanies, findCompanies } from './store/companies.ts';
import { countContacts, findContacts } from './store/contacts.ts';
import { countDeals, findDeals } from './store/deals.ts';
import { countLeads, findLeads } from './store/leads.ts';
import { findMilestones, findMilestonesOf } from './store/milestones.ts';
import { listCap } from './store/rows.ts';
import type {
  ActivityModel,
  CompanyModel,
  ContactModel,
  CustomerCrmModel,
  DealModel,
  LeadModel,
  RevenueMilestoneModel,
  Selection,
} from './store.ts';

type Orderings = Readonly<Record<string, Omit<Ordering, 'list' | 'direction'>>>;

const createdAt = { column: 'createdAt', type: 'instant' } as const;
const updatedAt = { column: 'updatedAt', type: 'instant' } as const;
const name = { column: 'nameKey', type: 'string' } as const;

const leadOrderings = {
  CREATED_AT: createdAt,
  UPDATED_AT: updatedAt,
  NAME: name,
  STATUS: { column: 'statusRank', type: 'number' },
} as const satisfies Orderings;

const contactOrderings = {
  NAME: name,
  CREATED_AT: createdAt,
  UPDATED_AT: updatedAt,
} as const satisfies Orderings;

const dealOrderings = {
  CREATED_AT: createdAt,
  UPDATED_AT: updatedAt,
  TITLE: { column: 'titleKey', type: 'string' },
  AMOUNT: { column: 'amount', type: 'number' },
  STAGE: { column: 'stageRank', type: 'number' },
  EXPECTED_CLOSE_ON: { column: 'expectedCloseOn', type: 'instant', nullable: true },
} as const satisfies Orderings;

const activityOrderings = {
  CREATED_AT: createdAt,
  UPDATED_AT: updatedAt,
  DUE_AT: { column: 'dueAt', type: 'instant', nullable: true },
} as const satisfies Orderings;

const companyOrderings = {
  NAME: name,
  CREATED_AT: createdAt,
} as const satisfies Orderings;

const newestFirst = { field: 'CREATED_AT', direction: 'DESC' } as const;
const byName = { field: 'NAME', direction: 'ASC' } as const;

/** The longest text to search for, in characters: each of its words makes the statement longer. */
const searchMax = 200;

interface SelectionArguments<Filter> {
  readonly search?: string | null | undefined;
  readonly filter?: Filter | null | undefined;
}

function readSelection<Filter extends object>({
  search,
  filter,
}: SelectionArguments<Filter>): Selection<Partial<Filter>> {
  if (search && search.length > searchMax) {
    throw new PanoramaError('BAD_USER_INPUT', `Search for at most ${searchMax} characters.`, { field: 'search' });
  }
  const words = (search ?? '').normalize('NFC').toLowerCase().split(/\s+/);
  return { filter: filter ?? {}, words: words.filter((word) => word !== '') };
}

/** The leads of the tenant, newest first unless ordered otherwise. */
export async function listLeads(context: CrmContext, args: QueryLeadsArgs): Promise<Connection<LeadModel>> {
  const { field, direction } = args.orderBy ?? newestFirst;
  const page = planPage(context.cursors, args, { list: 'crm.leads', ...leadOrderings[field], direction });
  const selection = { ...readSelection(args), assignees: assigneesFor(context.principal, 'read') };
  const rows = await context.database.read(context, (tx) => findLeads(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countLeads(tx, selection)));
}

/** The contacts of the tenant, by name unless ordered otherwise. */
export async function listContacts(context: CrmContext, args: QueryContactsArgs): Promise<Connection<ContactModel>> {
  const { field, direction } = args.orderBy ?? byName;
  const page = planPage(context.cursors, args, { list: 'crm.contacts', ...contactOrderings[field], direction });
  const selection = readSelection(args);
  const rows = await context.database.read(context, (tx) => findContacts(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countContacts(tx, selection)));
}

/** The deals of the tenant, newest first unless ordered otherwise. */
export async function listDeals(context: CrmContext, args: QueryDealsArgs): Promise<Connection<DealModel>> {
  const { field, direction } = args.orderBy ?? newestFirst;
  const page = planPage(context.cursors, args, { list: 'crm.deals', ...dealOrderings[field], direction });
  const selection = readSelection(args);
  const rows = await context.database.read(context, (tx) => findDeals(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countDeals(tx, selection)));
}

/** The activities of the tenant, newest first unless ordered otherwise. */
export async function listActivities(
  context: CrmContext,
  args: QueryActivitiesArgs,
): Promise<Connection<ActivityModel>> {
  const { field, direction } = args.orderBy ?? newestFirst;
  const page = planPage(context.cursors, args, { list: 'crm.activities', ...activityOrderings[field], direction });
  const selection = { ...readSelection(args), assignees: assigneesOfSubjects(context.principal) };
  const rows = await context.database.read(context, (tx) => findActivities(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countActivities(tx, selection)));
}

/** The companies of the tenant, by name unless ordered otherwise. */
export async function listCompanies(context: CrmContext, args: QueryCompaniesArgs): Promise<Connection<CompanyModel>> {
  const { field, direction } = args.orderBy ?? byName;
  const page = planPage(context.cursors, args, { list: 'crm.companies', ...companyOrderings[field], direction });
  const selection = readSelection(args);
  const rows = await context.database.read(context, (tx) => findCompanies(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countCompanies(tx, selection)));
}

/** The first records of a list without pages. Throws `BAD_USER_INPUT` or `OPERATION_LIMIT_EXCEEDED`. */
export function takeFirst<Row>(rows: readonly Row[], first: number | null): Row[] {
  return rows.slice(0, readListSize(first, { ...pageSize, max: listCap }));
}

/** The leads of a customer: those of the contact and those with the e-mail address, newest first. */
export async function listLeadsOfCustomer(
  { loaders }: CrmContext,
  { emailKey }: CustomerCrmModel,
): Promise<LeadModel[]> {
  return [...(await loaders.leadsOfCustomer.load(emailKey))];
}

/** The deals of a customer: those of the contact, newest first. */
export async function listDealsOfCustomer(
  { loaders }: CrmContext,
  { emailKey }: CustomerCrmModel,
): Promise<readonly DealModel[]> {
  const contact = await loaders.contactByEmail.load(emailKey);
  return contact ? loaders.dealsOfContact.load(contact.id) : [];
}

/** The activities of a customer: those of the contact, newest first. */
export async function listActivitiesOfCustomer(
  { loaders }: CrmContext,
  { emailKey }: CustomerCrmModel,
): Promise<readonly ActivityModel[]> {
  const contact = await loaders.contactByEmail.load(emailKey);
  return contact ? loaders.activitiesOfContact.load(contact.id) : [];
}

/** The revenue milestones of the tenant, by currency and amount. */
export function listMilestones(context: CrmContext): Promise<RevenueMilestoneModel[]> {
  return context.database.read(context, findMilestones);
}

/** The revenue milestone with an id; null when the tenant has none. */
export async function findMilestone(context: CrmContext, id: string): Promise<RevenueMilestoneModel | null> {
  const currency = /^[A-Z]{3}(?=-)/.exec(id)?.[0];
  if (currency === undefined) return null;
  const milestones = await context.database.read(context, (tx) => findMilestonesOf(tx, [currency]));
  return milestones.find((one) => milestoneId(one) === id) ?? null;
}
