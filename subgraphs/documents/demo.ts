import type { DemoPerson, DemoTenant } from '../../kernel/subgraph/demo-tenant.ts';
import { contentOf, named, titled } from './content.ts';
import { folderTemplates } from './folder-templates.ts';
import { processText } from './processing.ts';
import { type DocumentsTransaction, insertMissing } from './store.ts';

/** The end of the demo data's time. */
const demoEnd = Date.parse('2026-11-01T00:00:00Z');
const hourMillis = 3_600_000;

const template = 'standard';
const folderNames = folderTemplates.find(({ name }) => name === template)?.folders ?? [];

/** How many documents the first two people have, whom examples and tests ask for. */
const fixedCounts = new Map([
  [1, 7],
  [2, 0],
]);

/** The kinds of document, in the order in which a person's documents go through them. */
const kinds = [
  {
    type: 'CONTRACT',
    folder: 'Contracts',
    isText: false,
    title: ({ company }: DemoPerson) => `Contract with ${company}`,
  },
  {
    type: 'INVOICE',
    folder: 'Invoices',
    isText: false,
    title: (_: DemoPerson, place: number) => `Invoice ${2600 + place}`,
  },
  {
    type: 'NOTE',
    folder: 'Notes',
    isText: true,
    title: ({ firstName, lastName }: DemoPerson) => `Call with ${firstName} ${lastName}`,
  },
  { type: 'REPORT', folder: 'Reports', isText: true, title: ({ company }: DemoPerson) => `Usage at ${company}` },
  {
    type: 'OTHER',
    folder: 'Correspondence',
    isText: false,
    title: ({ company }: DemoPerson) => `Letter from ${company}`,
  },
] as const;

const sentences = [
  'The rollout goes on as agreed.',
  'Two teams have started to work with the new dashboard.',
  'They ask for an offer before the end of the quarter.',
  'Training is planned for the week after next.',
  'Usage has grown since the last review.',
  'One question about invoices is still open.',
  'They would like to add three more people.',
] as const;

/** Some sentences, each on a line of its own. */
function makeText(random: () => number): string {
  const lines = Array.from({ length: 3 + Math.floor(random() * 10) }, () => {
    return sentences[Math.floor(random() * sentences.length)] ?? sentences[0];
  });
  return `${lines.join('\n')}\n`;
}

/** A text, most of them processed; or content that is kept elsewhere, which some have tried to process in vain. */
function makeContent(isText: boolean, createdAt: Date, random: () => number) {
  const text = isText ? makeText(random) : null;
  const content =
    text === null
      ? { mimeType: 'application/pdf', size: 20_000 + Math.floor(random() * 2_000_000) }
      : { ...contentOf(text), mimeType: 'text/plain' };
  const isProcessed = random() < (isText ? 0.8 : 0.1);
  if (!isProcessed) return { ...content, updatedAt: createdAt };
  const processedAt = new Date(createdAt.getTime() + hourMillis);
  return { ...content, ...processText(text), processingMs: 0.5, processedAt, updatedAt: processedAt, version: 2 };
}

function makeRows(person: DemoPerson) {
  const random = person.random('documents');
  const suffix = person.id.slice('cus_'.length);
  const count = fixedCounts.get(person.number) ?? Math.floor(random() * 16);
  const folderId = (name: string) => `fld_${suffix}_${folderNames.indexOf(name) + 1}`;
  const owner = { ownerId: person.id };
  const folders = (count > 0 ? folderNames : []).map((name) => ({
    id: folderId(name),
    ...owner,
    ...named(name, ''),
    template,
    createdAt: person.createdAt,
  }));
  const lifeMillis = demoEnd - 2 * hourMillis - person.createdAt.getTime();
  const documents = Array.from({ length: count }, (_, index) => {
    const { type, folder, isText, title } = kinds[index % kinds.length] ?? kinds[0];
    const createdAt = new Date(person.createdAt.getTime() + Math.floor(random() * lifeMillis));
    return {
      id: `doc_${suffix}_${String(index + 1).padStart(2, '0')}`,
      ...owner,
      folderId: folderId(folder),
      ...titled(title(person, index)),
      type,
      createdAt,
      ...makeContent(isText, createdAt, random),
    };
  });
  return { folders, documents };
}

/** Writes the demo data of one tenant, where they are not there yet. */
export async function insertDemo(tx: DocumentsTransaction, { people }: DemoTenant): Promise<void> {
  const rows = people.map(makeRows);
  await insertMissing(tx, {
    folders: rows.flatMap(({ folders }) => folders),
    documents: rows.flatMap(({ documents }) => documents),
  });
}
