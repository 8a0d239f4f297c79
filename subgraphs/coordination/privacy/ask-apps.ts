import { type ErasedRecords, type Erasure, erasePersonalData } from '../../../kernel/privacy/erase-customer.ts';
import { findPersonalData, type Person, type PersonalData } from '../../../kernel/privacy/personal-records.ts';
import type { StepContext } from '../workflows/definition.ts';
import { privacy } from './erasure.ts';

/**
 * The apps that hold something on people, this one first, in the order in which they let go of it: the names are the CRM's,
 * and the addresses, by which that finds people, those of users.
 */
export const personalApps = ['coordination', 'security', 'documents', 'analytics', 'crm', 'users'] as const;
export type PersonalAppName = (typeof personalApps)[number];

type Ask = StepContext<unknown>['ask'];
type Asking = Pick<StepContext<unknown>, 'ask' | 'write'>;
type Identity = Pick<Person, 'emails' | 'names'>;

const capitalised = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** By what the apps know a customer; empty for one that there is not. */
export async function identify(ask: Ask, customerId: string): Promise<Person> {
  const { identity } = await ask<{ readonly identity: Identity | null }>(
    'users',
    'query ($customerId: ID!) { identity: usersCustomerIdentity(customerId: $customerId) { emails names } }',
    { customerId },
  );
  return { customerId, emails: identity?.emails ?? [], names: identity?.names ?? [] };
}

/** The same with the names under which the CRM has them; of no use once the CRM has let go. */
export async function identifyByName(ask: Ask, customerId: string): Promise<Person> {
  const person = await identify(ask, customerId);
  const { identity } = await ask<{ readonly identity: Identity | null }>(
    'crm',
    'query ($input: PersonInput!) { identity: crmCustomerIdentity(input: $input) { emails names } }',
    { input: person },
  );
  return { ...person, names: [...person.names, ...(identity?.names ?? [])] };
}

/** Reads a page of what an app holds on a person. */
export async function readPage(
  { ask, write }: Asking,
  app: PersonalAppName,
  person: Person,
  page: number,
): Promise<PersonalData> {
  if (app === 'coordination') return await write((tx) => findPersonalData(tx, privacy.tables, person, page));
  const { data } = await ask<{ readonly data: PersonalData | null }>(
    app,
    `query ($input: PersonInput!, $page: Int!) { data: ${app}CustomerData(input: $input, page: $page) }`,
    { input: person, page },
  );
  return data ?? { records: {}, isEnd: true };
}

async function eraseOnce({ ask, write }: Asking, app: PersonalAppName, person: Person): Promise<Erasure> {
  if (app === 'coordination') return await write((tx, publish) => erasePersonalData(privacy, tx, publish, person));
  const document = `mutation ($input: PersonInput!) {
    erased: erase${capitalised(app)}CustomerData(input: $input) {
      records { type outcome count reason } isDone userErrors { code message } } }`;
  return (await ask<{ readonly erased: Erasure }>(app, document, { input: person })).erased;
}

/** Has an app erase what it holds on a person, as often as it takes. */
export async function eraseIn(asking: Asking, app: PersonalAppName, person: Person): Promise<readonly ErasedRecords[]> {
  const totals = new Map<string, ErasedRecords>();
  for (;;) {
    const { records, isDone } = await eraseOnce(asking, app, person);
    for (const { type, outcome, count, reason } of records) {
      const before = outcome === 'KEPT' ? 0 : (totals.get(`${outcome} ${type}`)?.count ?? 0);
      totals.set(`${outcome} ${type}`, { type, outcome, count: before + count, ...(reason && { reason }) });
    }
    if (isDone) return [...totals.values()];
  }
}
