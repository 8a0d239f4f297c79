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
  /** What is wrong with data; undefined when they are as the schema says. */
  readonly mistakeIn: (data: unknown) => string | undefined;
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
  own: z.strictObject({ permission, field: name, unless: permission.optional() }).optional(),
  data: z.record(z.string(), z.unknown()),
});

type Entry = z.infer<typeof entry>;

function compile(ajv: Ajv, { type, app, entity, targets, priority, read, own, data }: Entry): EventType {
  const validate: ValidateFunction = ajv.compile(data);
  const mistakeIn = (value: unknown) => (validate(value) ? undefined : ajv.errorsText(validate.errors));
  return Object.freeze({ type, app, entity, targets, priority, need: { anyOf: read, own }, schema: data, mistakeIn });
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
