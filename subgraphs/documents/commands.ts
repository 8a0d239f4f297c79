import { z } from 'zod';
import type {
  DeleteDocumentInput,
  ProcessDocumentInput,
  UpdateDocumentInput,
  UploadDocumentInput,
} from '../../generated/graphql/documents.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, notFound, runCommand, staleVersion } from '../../kernel/subgraph/command.ts';
import { baseVersion, type CommandResult, done, entityId, parseInput, text } from '../../kernel/subgraph/input.ts';
import { documentChange, documentDeletion } from './changes.ts';
import { contentOf, titled } from './content.ts';
import type { DocumentsContext } from './loaders.ts';
import { processText, unprocessed } from './processing.ts';
import {
  beginProcessing,
  changeDocument,
  type DocumentRow,
  type DocumentsTransaction,
  findDocumentsById,
  insertDocument,
  removeDocument,
} from './store.ts';

const textMax = 1_000_000;
const sizeMax = 2 ** 40;

const title = () => text(200);
const documentType = () => z.enum(['CONTRACT', 'INVOICE', 'REPORT', 'NOTE', 'OTHER']);

/** A text as it was sent, blanks and all; Postgres keeps anything but NUL. */
const content = () =>
  z
    .string()
    .max(textMax, `Use at most ${textMax.toLocaleString('en')} characters.`)
    .refine((value) => !value.includes('\0'), 'NUL characters are not allowed.')
    .refine((value) => value.isWellFormed(), 'This is not well-formed Unicode.');

/** Type and subtype by RFC 6838, 4.2, without parameters. */
const mimeType = () =>
  z
    .string()
    .max(127, 'Use at most 127 characters.')
    .regex(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/i, 'This is not a media type, such as text/plain.')
    .toLowerCase();

const uploadDocumentInput = z
  .object({
    id: entityId().nullish(),
    title: title(),
    type: documentType(),
    mimeType: mimeType().nullish(),
    ownerId: entityId(),
    folderId: entityId().nullish(),
    text: content().nullish(),
    size: z
      .int('A size is a whole number of bytes.')
      .nonnegative('A size cannot be negative.')
      .max(sizeMax, `A size can be at most ${sizeMax} bytes.`)
      .nullish(),
    checksum: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, 'A checksum is the SHA-256 as 64 hexadecimal digits.')
      .toLowerCase()
      .nullish(),
    retentionUntil: z.date().nullish(),
  })
  .refine(({ text, size }) => text != null || size != null, {
    path: ['text'],
    message: 'Send the text, or the size of content that is kept elsewhere.',
  })
  .refine(({ text, size }) => text == null || size == null, {
    path: ['size'],
    message: 'The size of a text is worked out; leave it out.',
  })
  .refine(({ text, checksum }) => text == null || checksum == null, {
    path: ['checksum'],
    message: 'The checksum of a text is worked out; leave it out.',
  });

const updateDocumentInput = z.object({
  id: entityId(),
  baseVersion: baseVersion().nullish(),
  title: title().nullish(),
  type: documentType().nullish(),
  folderId: entityId().nullish(),
  text: content().nullish(),
  retentionUntil: z.date().nullish(),
});

const processDocumentInput = z.object({ id: entityId() });

const deleteDocumentInput = z.object({ id: entityId(), baseVersion: baseVersion().nullish() });

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const documentConstraints = {
  documents_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
  documents_folder: { code: 'NOT_FOUND', field: 'folderId', message: 'The owner has no folder with this id.' },
} as const satisfies ConstraintMeanings;

/** Why a document could not be changed. */
async function refuseChange(tx: DocumentsTransaction, id: string): Promise<CommandResult<never>> {
  const [current] = await findDocumentsById(tx, [id]);
  return current ? staleVersion(current.version) : notFound('id', 'document');
}

/** Adds a document. The owner belongs to another app and is not looked up. */
export async function uploadDocument(
  context: DocumentsContext,
  input: UploadDocumentInput,
): Promise<CommandResult<DocumentRow>> {
  const parsed = parseInput(uploadDocumentInput, input);
  if (!parsed.ok) return parsed;
  const { id, title, type, mimeType, ownerId, folderId, text, size, checksum, retentionUntil } = parsed.value;
  const document = {
    id: id ?? newEntityId(),
    ...titled(title),
    type,
    mimeType: mimeType ?? (text == null ? 'application/octet-stream' : 'text/plain'),
    ownerId,
    folderId: folderId ?? null,
    retentionUntil: retentionUntil ?? null,
    ...(text == null ? { size: size ?? 0, checksum: checksum ?? null } : contentOf(text)),
  };
  return runCommand(context, documentConstraints, async (tx, publish) => {
    const inserted = await insertDocument(tx, document);
    publish(documentChange('DOCUMENT_UPLOADED', inserted));
    return done(inserted);
  });
}

/** Changes the given fields of a document. */
export async function updateDocument(
  context: DocumentsContext,
  input: UpdateDocumentInput,
): Promise<CommandResult<DocumentRow>> {
  const parsed = parseInput(updateDocumentInput, input);
  if (!parsed.ok) return parsed;
  const { id, baseVersion, title, type, folderId, text, retentionUntil } = parsed.value;
  const change = {
    ...(title != null && titled(title)),
    ...(type != null && { type }),
    ...(folderId !== undefined && { folderId }),
    ...(retentionUntil !== undefined && { retentionUntil }),
    ...(text != null && { ...contentOf(text), ...unprocessed }),
  };
  return runCommand(context, documentConstraints, async (tx, publish) => {
    const document = await changeDocument(tx, id, baseVersion ?? undefined, change);
    if (!document) return refuseChange(tx, id);
    publish(documentChange('DOCUMENT_UPDATED', document));
    return done(document);
  });
}

/** Measures the text of a document, and says in the document what came of it. */
export async function processDocument(
  context: DocumentsContext,
  input: ProcessDocumentInput,
): Promise<CommandResult<DocumentRow>> {
  const parsed = parseInput(processDocumentInput, input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  return runCommand(context, documentConstraints, async (tx, publish) => {
    const begun = await beginProcessing(tx, id);
    const document = begun && (await changeDocument(tx, id, undefined, processText(begun.text)));
    if (!document) return notFound('id', 'document');
    publish(
      documentChange(document.status === 'FAILED' ? 'DOCUMENT_PROCESSING_FAILED' : 'DOCUMENT_PROCESSED', document),
    );
    return done(document);
  });
}

/** Removes a document. That is its last change, and counts its version up like any other. */
export async function deleteDocument(
  context: DocumentsContext,
  input: DeleteDocumentInput,
): Promise<CommandResult<DocumentRow>> {
  const parsed = parseInput(deleteDocumentInput, input);
  if (!parsed.ok) return parsed;
  const { id, baseVersion } = parsed.value;
  return runCommand(context, documentConstraints, async (tx, publish) => {
    const document = await changeDocument(tx, id, baseVersion ?? undefined, {});
    if (!document) return refuseChange(tx, id);
    await removeDocument(tx, id);
    publish(documentDeletion(document));
    return done(document);
  });
}
