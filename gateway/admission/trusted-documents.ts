import { createHash } from 'node:crypto';
import type { DocumentsById } from '../../kernel/config/document-manifest.ts';
import { SettingError } from '../../kernel/config/setting-error.ts';

/** The documents that were agreed on beforehand. */
export interface TrustedDocuments {
  textOf(id: string): string | undefined;
  has(text: string): boolean;
}

/** There are none. */
export const noTrustedDocuments: TrustedDocuments = { textOf: () => undefined, has: () => false };

/**
 * Trusts the documents of a manifest. An id that has the form of a SHA-256 in hexadecimal must be that of its document:
 * a manifest in which one is wrong was changed by hand, or by someone. Throws `SettingError`.
 */
export function trustDocuments(file: string, documents: DocumentsById): TrustedDocuments {
  for (const [id, text] of documents) {
    if (/^[0-9a-f]{64}$/.test(id) && id !== sha256(text)) {
      throw new SettingError(`${file}: the document ${id} has another SHA-256 than its id.`);
    }
  }
  const texts = new Map(documents);
  const known = new Set(texts.values());
  return { textOf: (id) => texts.get(id), has: (text) => known.has(text) };
}

/** SHA-256 of a text in UTF-8, in hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
