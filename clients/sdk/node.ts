/** What there is on Node only, so that a bundle for the browser leaves it out. */
export { openFileStorage } from './file-storage.ts';
export { FolderHeld } from './folder-lock.ts';
export { JournalDamaged } from './journal.ts';
