import { createHash } from 'node:crypto';

/** A title with the form in which it is compared and searched. */
export function titled(title: string) {
  return { title, titleKey: title.normalize('NFC').toLowerCase() };
}

/** A text with what follows from it: its size in bytes as UTF-8, and its SHA-256. */
export function contentOf(text: string) {
  return { text, size: Buffer.byteLength(text), checksum: createHash('sha256').update(text).digest('hex') };
}

/** A folder's name with what follows from it and from the path of its parent, which is empty at the top. */
export function named(name: string, parentPath: string) {
  return { name, nameKey: name.normalize('NFC').toLowerCase(), path: `${parentPath}/${name}` };
}
