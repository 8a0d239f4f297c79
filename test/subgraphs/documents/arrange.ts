import type { TestApp, TestCaller } from '../../support/app.ts';

/** A mistake in an input, as a mutation reports it. */
export interface ReportedError {
  readonly field: string | null;
  readonly code: string;
  readonly message: string;
}

/** What a mutation of this app answers. */
export interface Payload {
  readonly document?: Record<string, unknown> | null;
  readonly folder?: Record<string, unknown> | null;
  readonly folders?: readonly Record<string, unknown>[] | null;
  readonly userErrors: readonly ReportedError[];
}

const documentFields = `id title type mimeType size status checksum version processedAt owner { id } folder { id }
  processing { wordCount lineCount characterCount durationMs summary }`;
const folderFields = 'id name path template owner { id } parent { id }';

const selections = {
  createFolder: `folder { ${folderFields} } folders { ${folderFields} }`,
  uploadDocument: `document { ${documentFields} text }`,
  updateDocument: `document { ${documentFields} text }`,
  processDocument: `document { ${documentFields} }`,
  deleteDocument: `document { ${documentFields} }`,
} as const;

/** Sends one mutation and returns its payload; any error beside it fails the test. */
export async function mutate(
  app: TestApp,
  name: keyof typeof selections,
  input: Readonly<Record<string, unknown>>,
  caller: TestCaller = {},
): Promise<Payload> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const { data, errors } = await app.execute<Record<string, Payload>>(
    `mutation ($input: ${type}!) { ${name}(input: $input) { ${selections[name]} userErrors { field code message } } }`,
    { input },
    caller,
  );
  const payload = data?.[name];
  if (errors || !payload) throw new Error(`${name}: ${JSON.stringify(errors)}`);
  return payload;
}

/** Uploads a document that must be accepted, and returns its id. */
export async function upload(
  app: TestApp,
  input: Readonly<Record<string, unknown>> = {},
  caller: TestCaller = {},
): Promise<string> {
  const { document, userErrors } = await mutate(app, 'uploadDocument', { ...anyDocument, ...input }, caller);
  if (!document) throw new Error(JSON.stringify(userErrors));
  return String(document.id);
}

/** The least that can be uploaded. */
export const anyDocument = { title: 'A document', ownerId: 'cus_1', size: 1 };

/** Code and field of each mistake. */
export const mistakes = ({ userErrors }: Payload) => userErrors.map(({ code, field }) => `${code} ${field}`);
