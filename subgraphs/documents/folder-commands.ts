import { z } from 'zod';
import type { CreateFolderInput } from '../../generated/graphql/documents.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, runCommand } from '../../kernel/subgraph/command.ts';
import {
  type CommandResult,
  done,
  entityId,
  parseInput,
  refused,
  text,
  unchanged,
} from '../../kernel/subgraph/input.ts';
import { folderCreation } from './changes.ts';
import { named } from './content.ts';
import { folderTemplates } from './folder-templates.ts';
import type { DocumentsContext } from './loaders.ts';
import {
  type DocumentsTransaction,
  type FolderModel,
  findFoldersById,
  findFoldersByName,
  insertFolder,
  insertMissing,
} from './store.ts';

const pathMax = 500;

const createFolderInput = z
  .object({
    id: entityId().nullish(),
    ownerId: entityId(),
    name: text(100)
      .refine((name) => !name.includes('/'), 'A slash is not allowed: it stands between the names of a path.')
      .nullish(),
    parentId: entityId().nullish(),
    template: z.string().nullish(),
  })
  .refine(({ name, template }) => name != null || template != null, {
    path: ['name'],
    message: 'Send a name, the name of a template, or both.',
  });

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const folderConstraints = {
  folders_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
  folders_name_key: { code: 'CONFLICT', field: 'name', message: 'There is a folder of this name already.' },
} as const satisfies ConstraintMeanings;

/** Where folders are made: whose they will be, and in which folder (null: at the top). */
interface Place {
  readonly ownerId: string;
  readonly parent: FolderModel | null;
}

/** A folder to insert. */
function newFolder({ ownerId, parent }: Place, name: string) {
  return {
    id: newEntityId() as string,
    ownerId,
    parentId: parent?.id ?? null,
    ...named(name, parent?.path ?? ''),
  };
}

/** Makes the folders of a template that are missing in a place, and returns all of them and those that were made. */
export async function applyTemplate(
  tx: DocumentsTransaction,
  place: Place,
  template: string,
  names: readonly string[],
): Promise<{ readonly all: FolderModel[]; readonly made: FolderModel[] }> {
  const folders = names.map((name) => ({ ...newFolder(place, name), template }));
  await insertMissing(tx, { folders, documents: [] });
  const { ownerId, parent } = place;
  const nameKeys = folders.map(({ nameKey }) => nameKey);
  const all = await findFoldersByName(tx, { ownerId, parentId: parent?.id ?? null }, nameKeys);
  const ids = new Set(folders.map(({ id }) => id));
  return { all, made: all.filter(({ id }) => ids.has(id)) };
}

/**
 * Makes a folder, the folders of a template, or both, and returns them, parents first. The owner belongs to another
 * app and is not looked up.
 */
export async function createFolder(
  context: DocumentsContext,
  input: CreateFolderInput,
): Promise<CommandResult<FolderModel[]>> {
  const parsed = parseInput(createFolderInput, input);
  if (!parsed.ok) return parsed;
  const { id, ownerId, name, parentId } = parsed.value;
  const template = folderTemplates.find((known) => known.name === parsed.value.template);
  if (parsed.value.template != null && !template) {
    const known = folderTemplates.map((each) => each.name).join(', ');
    return refused('NOT_FOUND', 'template', `There is no such template; there are: ${known}.`);
  }
  return runCommand(context, folderConstraints, async (tx, publish) => {
    const [parent = null] = parentId == null ? [] : await findFoldersById(tx, [parentId]);
    if (parentId != null && parent?.ownerId !== ownerId) {
      return refused('NOT_FOUND', 'parentId', 'The owner has no folder with this id.');
    }
    const place = { ownerId, parent };
    const folder = name == null ? undefined : newFolder(place, name);
    const longest = Math.max(...(template?.folders ?? []).map((each) => each.length + 1), 0);
    if ((folder?.path ?? parent?.path ?? '').length + longest > pathMax) {
      return refused('BAD_USER_INPUT', 'name', `A path can have at most ${pathMax} characters.`);
    }
    const made = folder && (await insertFolder(tx, { ...folder, ...(id != null && { id }) }));
    const rest =
      template && (await applyTemplate(tx, made ? { ownerId, parent: made } : place, template.name, template.folders));
    const named = made ? [made] : [];
    const created = [...named, ...(rest?.made ?? [])];
    for (const each of created) publish(folderCreation(each));
    const folders = [...named, ...(rest?.all ?? [])];
    return created.length > 0 ? done(folders) : unchanged(folders);
  });
}
