import type { Fields, LocalRecord } from '../sdk/index.ts';

/** The statuses that a user may give a lead; making a deal of it is another page's business. */
export const statuses = ['NEW', 'CONTACTED', 'QUALIFIED', 'LOST'] as const;

/** How a lead is called on the page. */
export function nameOf({ firstName, lastName }: Fields): string {
  return [firstName, lastName].filter((part) => typeof part === 'string' && part !== '').join(' ');
}

/** The fields of a new lead whose full name was typed; the last word is the family name. */
export function newLead(fullName: string, email: string): Fields {
  const words = fullName.trim().split(/\s+/);
  return { lastName: words.pop() ?? '', firstName: words.join(' '), email, source: 'sync-demo' };
}

const firstNames = ['Ada', 'Alan', 'Barbara', 'Donald', 'Edith', 'Grace', 'Katherine', 'Mary', 'Niklaus', 'Tim'];
const lastNames = ['Byron', 'Clarke', 'Hamilton', 'Hopper', 'Jackson', 'Johnson', 'Knuth', 'Liskov', 'Turing', 'Wirth'];

/** A lead that nobody has to type. */
export function exampleLead(): Fields {
  const pick = (names: readonly string[]) => names[Math.floor(Math.random() * names.length)] ?? '';
  const [firstName, lastName] = [pick(firstNames), pick(lastNames)];
  const number = String(Math.floor(Math.random() * 1_000_000)).padStart(6, '0');
  return newLead(`${firstName} ${lastName}`, `${firstName}.${lastName}.${number}@example.com`.toLowerCase());
}

/** The newest first: those that the server has not seen yet, then by when they were made. */
export function newestFirst(leads: readonly LocalRecord[]): readonly LocalRecord[] {
  const madeAt = ({ data }: LocalRecord) => String(data.createdAt ?? '9999');
  return [...leads].sort((one, other) => madeAt(other).localeCompare(madeAt(one)) || one.id.localeCompare(other.id));
}
