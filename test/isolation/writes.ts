import { expect } from '@jest/globals';
import type { SeededRandom } from '../support/federation/seeded-random.ts';
import { dealOut } from './deal-out.ts';
import { expectErrorsOnlyAt, expectNothingForeign, type Lane, recordsOf } from './lane.ts';
import type { Ids } from './reads.ts';
import { type Command, type Kind, kinds, labelIn } from './records.ts';

type Deed = 'create' | 'change' | 'remove';

interface Done {
  readonly kind: Kind;
  readonly deed: Deed;
  readonly command: Command;
}

/** A mutation of several root fields. */
export interface WriteDocument {
  readonly text: string;
  readonly done: readonly Done[];
}

/** A mutation to send: the id and label that every root field was given. */
export interface Write {
  readonly document: WriteDocument;
  readonly sent: readonly { readonly id: string; readonly label: string; readonly isMade: boolean }[];
}

interface Payload {
  readonly userErrors: readonly { readonly field: string | null; readonly code: string; readonly message: string }[];
  readonly [record: string]: unknown;
}

const deedsOf = (kind: Kind): readonly Deed[] => [
  'create',
  // What needs another record to be there is refused often enough.
  ...(kind.needs ? ['create' as const, 'create' as const] : []),
  ...(kind.change ? ['change' as const, 'change' as const] : []),
  ...(kind.remove ? ['remove' as const] : []),
];

const deeds: readonly Done[] = kinds.flatMap((kind) =>
  deedsOf(kind).map((deed) => ({ kind, deed, command: kind[deed] ?? kind.create })),
);

const textOf = ({ kind, command }: Done, alias: string, input: string) =>
  `${alias}: ${command.field}(input: ${input}) { ${kind.name} { id ${kind.label} } userErrors { field message code } }`;

const typeOf = ({ field }: Command) => `${field.charAt(0).toUpperCase()}${field.slice(1)}Input!`;

function makeDocument(done: readonly Done[]): WriteDocument {
  const variables = done.map(({ command }, index) => `$in${index}: ${typeOf(command)}`);
  const fields = done.map((one, index) => textOf(one, `m${index}`, `$in${index}`));
  return { text: `mutation (${variables.join(', ')}) { ${fields.join('\n')} }`, done };
}

/** A name that only this tenant gives its mutations: the audit records keep it. */
const nameFor = ({ id }: Lane, { text }: WriteDocument) => text.replace('mutation', `mutation By_${id}`);

/** Deals mutations of so many root fields out of everything that can be done. */
export function dealWriteDocuments(random: SeededRandom, count: number, size: number): WriteDocument[] {
  return dealOut(random, deeds, count, size).map(makeDocument);
}

/** Draws the ids that a mutation creates, changes and removes. Now and then the platform makes the id of a document. */
export function makeWrite(random: SeededRandom, document: WriteDocument, ids: Ids, label: () => string): Write {
  const sent = document.done.map(({ kind, deed }) => ({
    id: ids(),
    label: label(),
    isMade: deed === 'create' && kind.name === 'document' && random.chance(0.2),
  }));
  return { document, sent };
}

/** Sends a mutation in the name of a tenant, and fails unless it did what it must do among this tenant's records. */
export async function sendWrite(lane: Lane, write: Write): Promise<void> {
  const { document, sent } = write;
  const inputs = document.done.map(({ command }, index) => {
    const { id = '', label = '', isMade = false } = sent[index] ?? {};
    return [`in${index}`, { ...command.input(id, label), ...(isMade && { id: undefined, ownerId: 'made' }) }];
  });
  const answer = await lane.post(nameFor(lane, document), Object.fromEntries(inputs));
  lane.mutations += inputs.length;
  expectNothingForeign(lane, answer.text);
  expectErrorsOnlyAt(answer, new Set());
  document.done.forEach((done, index) => {
    const one = sent[index];
    if (one) checkDone(lane, done, one, answer.data?.[`m${index}`] as Payload);
  });
}

function checkDone(lane: Lane, { kind, deed, command }: Done, sent: Write['sent'][number], payload: Payload): void {
  const own = recordsOf(lane, kind.name);
  const record = payload[kind.name] as Readonly<Record<string, unknown>> | null;
  if (sent.isMade && record) {
    own.set(String(record.id), sent.label);
    lane.madeIds.push(String(record.id));
    lane.ownerless.add(String(record.id));
    return;
  }
  const { id, label } = sent;
  const lacks = deed === 'create' && kind.needs !== undefined && !recordsOf(lane, kind.needs.kind).has(id);
  const refusal = lacks ? 'NOT_FOUND' : deed === 'create' ? own.has(id) && 'CONFLICT' : !own.has(id) && 'NOT_FOUND';
  expect([command.field, id, payload.userErrors.map(({ code }) => code)]).toEqual([
    command.field,
    id,
    refusal ? [refusal] : [],
  ]);
  // Whatever the other tenant has under this id, the refusal is that of an id that nobody has.
  if (refusal === 'NOT_FOUND') expect(refusalText(payload, id)).toBe(lane.refusals.get(command.field));
  if (refusal) return;
  expect([record?.id, labelIn(record?.[kind.label])]).toEqual([id, deed === 'remove' ? own.get(id) : label]);
  if (deed === 'remove') own.delete(id);
  else own.set(id, label);
  if (deed === 'create' && kind.name === 'document') lane.ownerless.delete(id);
}

const refusalText = (payload: Payload, id: string) => JSON.stringify(payload).replaceAll(id, '<id>');

/** Learns what the mutations answer for an id that nobody has. */
export async function learnRefusals(lane: Lane): Promise<void> {
  const id = 'nobody-has-this';
  const unfit = deeds.filter(({ kind, deed }) => deed !== 'create' || kind.needs);
  for (const done of unfit) {
    const { data, text } = await lane.post(nameFor(lane, makeDocument([done])), {
      in0: done.command.input(id, 'label'),
    });
    if (!data?.m0) throw new Error(`${done.command.field} has no payload: ${text}`);
    lane.mutations += 1;
    lane.refusals.set(done.command.field, refusalText(data.m0 as Payload, id));
  }
}
