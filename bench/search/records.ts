import { runStatements } from '../../test/support/run-statements.ts';

/** How many records of each type a tenant has: 50,000. */
const counts = { leads: 15_000, contacts: 15_000, deals: 10_000, documents: 8_000, users: 2_000 } as const;

const firstNames =
  'anna bo carl dora erik freja georg hanne ida jens karen lars mette niels ole pia rasmus sofie tove ulla viggo william yrsa åse'.split(
    ' ',
  );
const syllables = 'an ber chri dal el fen gaard hol jen kle lund mik nør ped ras søn tro vest wil zach'.split(' ');

/** Some 8,000 surnames of three syllables, each a capital letter and small ones. */
const surname = (index: number) => {
  const [a = '', b = '', c = ''] = [index, index / 20, index / 400].map((n) => syllables[Math.floor(n) % 20]);
  const word = `${a}${b}${c}`;
  return word.charAt(0).toUpperCase() + word.slice(1);
};

/** A person of the tenants, the same in both: what a search for a name looks for. */
export const personAt = (index: number) => ({
  firstName: firstNames[(index * 7) % firstNames.length] ?? '',
  lastName: surname((index * 13) % 8_000),
});

function peopleJson(count: number): string {
  return JSON.stringify(Array.from({ length: count }, (_, index) => ({ n: index, ...personAt(index) })));
}

const people = `jsonb_to_recordset($$${peopleJson(15_000)}$$) AS p (n int, "firstName" text, "lastName" text)`;
const email = `lower(p."lastName") || p.n || '@' || (ARRAY['firma.example', 'post.example', 'mail.example'])[1 + p.n % 3]`;

/** Writes the records of a tenant as the owner of the database, who passes the wall. */
export async function insertRecords(ownerUrl: string, tenant: string): Promise<void> {
  const of = (type: string) => `'${tenant}', '${type}_' || p.n`;
  await runStatements(
    ownerUrl,
    `INSERT INTO crm.contacts (tenant_id, id, first_name, last_name, name_key, email, email_key, search_key)
     SELECT ${of('con')}, p."firstName", p."lastName", lower(p."lastName"), ${email}, ${email}, ${email} FROM ${people}
     WHERE p.n < ${counts.contacts}`,
    `INSERT INTO crm.leads (tenant_id, id, contact_id, first_name, last_name, name_key, email, email_key, company, search_key)
     SELECT ${of('lead')}, 'con_' || p.n, p."firstName", p."lastName", lower(p."lastName"), ${email}, ${email},
       p."lastName" || ' ' || (ARRAY['ApS', 'A/S', 'GmbH'])[1 + p.n % 3], ${email} FROM ${people} WHERE p.n < ${counts.leads}`,
    `INSERT INTO crm.deals (tenant_id, id, title, title_key, amount, currency)
     SELECT ${of('deal')}, 'Delivery to ' || p."lastName" || ' in ' || (2000 + p.n % 30), 'delivery', p.n, 'EUR' FROM ${people}
     WHERE p.n < ${counts.deals}`,
    `INSERT INTO documents.documents (tenant_id, id, owner_id, title, title_key, type, mime_type, size, text)
     SELECT ${of('doc')}, 'cus_1', 'Contract with ' || p."lastName", 'contract', 'CONTRACT', 'text/plain', 1,
       repeat('This contract is about what ' || p."firstName" || ' ' || p."lastName" || ' delivers and when. ', 10)
     FROM ${people} WHERE p.n < ${counts.documents}`,
    `INSERT INTO users.users (tenant_id, id, username, username_key, email, email_key)
     SELECT ${of('usr')}, p."firstName" || '.' || p."lastName" || p.n, lower(p."firstName" || p."lastName" || p.n), ${email}, ${email}
     FROM ${people} WHERE p.n < ${counts.users}`,
    'VACUUM ANALYZE',
  );
}
