import { readFileSync } from 'node:fs';
import { type DocumentNode, type GraphQLError, Kind, parse, print, separateOperations } from 'graphql';
import type { HotOperation } from '../gateway/plan/warm-plans.ts';
import { readDocumentManifest } from '../kernel/config/document-manifest.ts';
import { SettingError } from '../kernel/config/setting-error.ts';

/**
 * Reads a file of operations: GraphQL with operations of different names, an Apollo manifest of persisted queries, or a
 * JSON map from hashes to documents. Throws `SettingError`, with the place of the mistake, when it is none of these.
 */
export function readHotOperations(file: string): readonly HotOperation[] {
  const source = readText(file);
  const isJson = file.endsWith('.json') || /^\s*\{\s*["}]/.test(source);
  const operations = isJson ? readManifest(file, source) : readGraphql(file, source);
  if (operations.length === 0) throw new SettingError(`${file} holds no operation to warm up with.`);
  return operations;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SettingError(`The operations to warm up with cannot be read: ${(error as Error).message}`);
  }
}

/** Each operation as a document of its own with the fragments it needs, printed as clients print what they send. */
function readGraphql(file: string, source: string): HotOperation[] {
  const whole = parseDocument(source, file);
  const documents = Object.values(separateOperations(whole));
  if (documents.length < operationNamesOf(whole).length) {
    throw new SettingError(`${file}: two operations have the same name, or more than one has none.`);
  }
  return documents.flatMap((document) => operationsOf(print(document), file));
}

function readManifest(file: string, source: string): HotOperation[] {
  return readDocumentManifest(file, source).flatMap(([id, text]) => operationsOf(text, `${file}, document ${id}`));
}

function operationsOf(text: string, place: string): HotOperation[] {
  const document = parseDocument(text, place);
  return operationNamesOf(document).map((operationName) => ({ text, document, operationName }));
}

function operationNamesOf(document: DocumentNode): (string | undefined)[] {
  return document.definitions.flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? [node.name?.value] : []));
}

function parseDocument(text: string, place: string): DocumentNode {
  try {
    return parse(text);
  } catch (error) {
    const { message, locations } = error as GraphQLError;
    const [at] = locations ?? [];
    throw new SettingError(`${place}: ${message}${at ? ` (line ${at.line}, column ${at.column})` : ''}`);
  }
}
