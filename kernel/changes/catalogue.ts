import { readdirSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import { z } from 'zod';
import { isPermission } from '../permissions/permission.ts';
import { type ChangeNeed, type Priority, priorities } from './change.ts';

/** One type of change: who writes it, whom it is for, who may read it, and what it says. */
export interface EventType {
  readonly type: string;
  /** The only app that publishes it. */
  readonly app: string;
  /** The type of the record in the graph. */
  readonly entity: string;
  /** The apps that it is for by default. */
  readonly targets: readonly string[];
  readonly priority: Priority;
  readonly need: ChangeNeed;
  /** JSON Schema of its data. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Which of its data are personal; the log holds them sealed. */
  readonly personal?: PersonalData | undefined;
  /** Why no field is personal, where the name of one lets expect it. */
  readonly notPersonal?: string | undefined;
  /** Says that keys were destroyed: what of the log is held in memory is read anew. */
  readonly erases: boolean;
  /** What is wrong with data; undefined when they are as the schema says. */
  readonly mistakeIn: (data: unknown) => string | undefined;
}

/** The personal data of an event type. */
export interface PersonalData {
  /** Fields with the id of whom or what they are about; the first that is there counts. */
  readonly subject: readonly string[];
  readonly fields: readonly string[];
}

/** All types of changes, by name. */
export type EventCatalogue = ReadonlyMap<string, EventType>;

const permission = z.string().refine(isPermission, 'A permission is expected.');
const name = z.string().min(1);
const entry = z.strictObject({
  type: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
  app: name,
  entity: name,
  targets: z.array(name),
  priority: z.enum(priorities),
  read: z.array(z.array(permission)).min(1),
  own: z
    .strictObject({ permission, field: name, formerField: name.optional(), unless: permission.optional() })
    .optional(),
  audience: z.strictObject({ user: name, permission: name }).optional(),
  personal: z.strictObject({ subject: z.array(name).min(1), fields: z.array(name).min(1) }).optional(),
  notPersonal: z.string().min(1).optional(),
  erases: z.literal(true).optional(),
  data: z.record(z.string(), z.unknown()),
});

type Entry = z.infer<typeof entry>;

function compile(ajv: Ajv, { read, own, audience, data, erases, ...known }: Entry): EventType {
  const validate: ValidateFunction = ajv.compile(data);
  const mistakeIn = (value: unknown) => (validate(value) ? undefined : ajv.errorsText(validate.errors));
  const fields = Object.keys((data.properties ?? {}) as object);
  const { subject = [], fields: personal = [] } = known.personal ?? {};
  const unknown = [...subject, ...personal, ...Object.values(audience ?? {})].filter((one) => !fields.includes(one));
  if (unknown.length > 0) throw new Error(`The schema of ${known.type} lacks ${unknown.join(', ')}.`);
  const need = { anyOf: read, own, audience };
  return Object.freeze({ ...known, need, schema: data, erases: erases ?? false, mistakeIn });
}

/**
 * Reads a catalogue from the YAML files of a folder, one for each family of changes.
 *
 * @throws when a file does not hold entries, a schema is none, or two entries have the same type
 */
export function readCatalogue(directory: URL): EventCatalogue {
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
  const catalogue = new Map<string, EventType>();
  for (const file of readdirSync(directory).filter((one) => one.endsWith('.yaml'))) {
    const entries = z.array(entry).safeParse(parse(readFileSync(new URL(file, directory), 'utf8')));
    if (!entries.success) throw new Error(`${file} of the event catalogue: ${z.prettifyError(entries.error)}`);
    for (const one of entries.data) {
      if (catalogue.has(one.type)) throw new Error(`The event catalogue has ${one.type} twice.`);
      catalogue.set(one.type, compile(ajv, one));
    }
  }
  return catalogue;
}

let loaded: EventCatalogue | undefined;

/** The catalogue of the platform, read and compiled once. */
export function eventCatalogue(): EventCatalogue {
  loaded ??= readCatalogue(new URL('./catalog/', import.meta.url));
  return loaded;
}
