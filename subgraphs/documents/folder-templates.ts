/** A set of folders that can be made at once. */
export interface FolderTemplate {
  readonly name: string;
  /** The names of its folders, which lie beside each other. */
  readonly folders: readonly string[];
}

/** Every template, the same for all tenants. */
export const folderTemplates: readonly FolderTemplate[] = Object.freeze([
  { name: 'standard', folders: ['Contracts', 'Correspondence', 'Invoices', 'Notes', 'Reports'] },
]);
