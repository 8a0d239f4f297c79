import { type DemoPerson, type DemoTenant, pick } from '../../kernel/subgraph/demo-tenant.ts';
import type { NewActivity } from './store/activities.ts';
import type { NewDeal } from './store/deals.ts';
import { insertMissing } from './store/insert-missing.ts';
import type { NewLead } from './store/leads.ts';
import type { CrmTransaction } from './store.ts';

/** The end of the demo data's time. */
const demoEnd = Date.parse('2026-11-01T00:00:00Z');
const dayMillis = 86_400_000;

/** How many leads and deals the first person has, whom examples ask for. */
const fixedCounts = new Map([[1, { leads: 2, deals: 2 }]]);

const sources = ['website', 'voice', 'referral', 'fair', 'newsletter'];
const openStatuses = ['NEW', 'NEW', 'CONTACTED', 'CONTACTED', 'QUALIFIED', 'LOST'] as const;
const stages = ['OPEN', 'PROPOSAL', 'NEGOTIATION', 'WON', 'WON', 'LOST'] as const;
const products = ['starter licence', 'yearly plan', 'training days', 'migration', 'support contract', 'pilot'];
const doneActivities = [
  ['CALL', 'Talked about next steps'],
  ['EMAIL', 'Sent the price list'],
  ['MEETING', 'Showed the product'],
  ['NOTE', 'Prefers to be written to'],
] as const;

/** What the rows of one person are made from. */
interface Source {
  readonly person: DemoPerson;
  /** The ids of the person's rows end with this. */
  readonly suffix: string;
  readonly companyId: string;
  /** The users who take care of leads. */
  readonly assigneeIds: readonly string[];
  readonly random: () => number;
}

const companyIdOf = (tenant: string, place: number) => `com_${tenant}_${String(place + 1).padStart(2, '0')}`;
const oneTo = (max: number, random: () => number) => 1 + Math.floor(random() * max);
/** People have been there for 90 days at the demo data's end, so that all of this lies before it. */
const daysAfter = ({ createdAt }: DemoPerson, days: number) => new Date(createdAt.getTime() + days * dayMillis);

function makeContact({ person, suffix, companyId, random }: Source) {
  const { firstName, lastName, email, createdAt } = person;
  const digits = String(Math.floor(random() * 1e6)).padStart(6, '0');
  const phone = random() < 0.7 ? `+45 20 ${digits.replace(/(..)(?=.)/g, '$1 ')}` : null;
  const source = pick(sources, random);
  return { id: `con_${suffix}`, firstName, lastName, email, phone, companyId, source, createdAt, updatedAt: createdAt };
}

function makeLead({ person, suffix, assigneeIds, random }: Source, index: number, isConverted: boolean) {
  const createdAt = daysAfter(person, 1 + index * 5 + random() * 4);
  return {
    id: `lea_${suffix}_${index + 1}`,
    contactId: `con_${suffix}`,
    firstName: person.firstName,
    lastName: person.lastName,
    email: person.email,
    phone: null,
    company: person.company,
    source: pick(sources, random),
    status: isConverted ? 'CONVERTED' : pick(openStatuses, random),
    assigneeId: random() < 0.8 ? pick(assigneeIds, random) : null,
    createdAt,
    updatedAt: createdAt,
  } as const satisfies NewLead;
}

function makeDeal({ person, suffix, companyId, random }: Source, index: number, leadId: string | null) {
  const createdAt = daysAfter(person, 20 + index * 10 + random() * 9);
  const stage = pick(stages, random);
  const isClosed = stage === 'WON' || stage === 'LOST';
  const closesOn = isClosed ? createdAt.getTime() : demoEnd;
  const closedAt = isClosed ? new Date(createdAt.getTime() + oneTo(30, random) * dayMillis) : null;
  return {
    id: `dea_${suffix}_${index + 1}`,
    contactId: `con_${suffix}`,
    companyId,
    leadId,
    title: `${person.company}: ${pick(products, random)}`,
    stage,
    amount: BigInt(oneTo(400, random) * 25_000),
    currency: random() < 0.6 ? 'DKK' : 'EUR',
    expectedCloseOn: new Date(closesOn + oneTo(90, random) * dayMillis),
    closedAt,
    createdAt,
    updatedAt: closedAt ?? createdAt,
  } satisfies NewDeal;
}

type ActivityParts = Pick<NewActivity, 'type' | 'entityType' | 'entityId'> & { readonly createdAt: Date };

function makeActivities(source: Source, leads: readonly NewLead[], deals: readonly NewDeal[]): NewActivity[] {
  const { person, suffix, random } = source;
  const contactId = `con_${suffix}`;
  const activities: Omit<NewActivity, 'id'>[] = [];
  const add = (parts: ActivityParts, subject: string, isDone: boolean) =>
    activities.push({
      ...parts,
      contactId,
      subject,
      updatedAt: parts.createdAt,
      completedAt: isDone ? parts.createdAt : null,
      dueAt: isDone ? null : new Date(demoEnd + oneTo(30, random) * dayMillis),
    });

  for (const lead of leads) {
    const createdAt = lead.createdAt as Date;
    add({ type: 'LEAD_CREATED', entityType: 'LEAD', entityId: lead.id, createdAt }, `Lead from ${lead.source}`, true);
  }
  for (const deal of deals) {
    const createdAt = deal.createdAt as Date;
    if (deal.leadId != null) {
      add({ type: 'LEAD_CONVERTED', entityType: 'LEAD', entityId: deal.leadId, createdAt }, deal.title, true);
    }
    if (deal.closedAt == null) {
      add({ type: 'TASK', entityType: 'DEAL', entityId: deal.id, createdAt }, 'Follow up', false);
    }
  }
  for (let left = oneTo(3, random); left > 0; left--) {
    const [type, subject] = pick(doneActivities, random);
    const createdAt = daysAfter(person, 1 + random() * 80);
    add({ type, entityType: 'CONTACT', entityId: contactId, createdAt }, subject, true);
  }
  return activities.map((activity, index) => ({ ...activity, id: `act_${suffix}_${index + 1}` }));
}

function makeRows(source: Source) {
  const { person, suffix, random } = source;
  const counts = fixedCounts.get(person.number) ?? { leads: oneTo(3, random) - 1, deals: oneTo(3, random) - 1 };
  const leads = Array.from({ length: counts.leads }, (_, index) =>
    makeLead(source, index, index < counts.deals && random() < 0.5),
  );
  const deals = Array.from({ length: counts.deals }, (_, index) => {
    const isConverted = leads[index]?.status === 'CONVERTED';
    return makeDeal(source, index, isConverted ? `lea_${suffix}_${index + 1}` : null);
  });
  return { contact: makeContact(source), leads, deals, activities: makeActivities(source, leads, deals) };
}

/** Writes the demo data of one tenant, where they are not there yet. */
export async function insertDemo(tx: CrmTransaction, { id, people }: DemoTenant): Promise<void> {
  const names = [...new Set(people.map(({ company }) => company))].sort();
  const assigneeIds = people.slice(0, 8).map((person) => person.id);
  const rows = people.flatMap((person) => {
    const random = person.random('crm');
    // Some people have an account but are unknown to those who sell.
    if (person.number > 2 && random() < 0.05) return [];
    const companyId = companyIdOf(id, names.indexOf(person.company));
    return [makeRows({ person, suffix: person.id.slice('cus_'.length), companyId, assigneeIds, random })];
  });
  await insertMissing(tx, {
    companies: names.map((name, index) => {
      const createdAt = new Date(demoEnd - 800 * dayMillis);
      const domain = `${name.toLowerCase().replace(/[^a-z]+/g, '-')}.example`;
      return { id: companyIdOf(id, index), name, domain, createdAt, updatedAt: createdAt };
    }),
    contacts: rows.map(({ contact }) => contact),
    leads: rows.flatMap(({ leads }) => leads),
    deals: rows.flatMap(({ deals }) => deals),
    activities: rows.flatMap(({ activities }) => activities),
  });
}
