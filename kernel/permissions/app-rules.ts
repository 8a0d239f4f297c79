import type { PanoramaError } from '../errors/panorama-error.ts';
import type { Principal } from '../tenancy/principal.ts';

/** What rules are told of a request. */
export interface RuleContext {
  readonly principal: Principal;
}

/**
 * Whether a field of a record may be read, decided after what the schema says: gives the refusal, or undefined to let it
 * through. What it throws refuses the field as a failure of ours.
 */
export type FieldRule = (parent: never, context: RuleContext) => PanoramaError | undefined;

/** By type, then field. */
export type FieldRules = Readonly<Record<string, Readonly<Record<string, FieldRule>>>>;

/**
 * Which records of a type a principal may see: undefined when all of them, else a test of one. The others read as if they
 * did not exist, whatever way leads to them.
 */
export type RecordRule = (principal: Principal) => ((record: never) => boolean) | undefined;

/** By type. */
export type RecordRules = Readonly<Record<string, RecordRule>>;

/** What an app decides by more than permissions (its `rules.ts`): who owns a record, to whom it is assigned, ... */
export interface AppRules {
  readonly fields?: FieldRules;
  readonly records?: RecordRules;
}
