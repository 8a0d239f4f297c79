import { grants } from '../permissions/permission.ts';
import type { Principal } from '../tenancy/principal.ts';
import type { EventCatalogue } from './catalogue.ts';
import type { Change, ChangeNeed } from './change.ts';

/** Tells whether one principal may read a change. */
export type ChangeReader = (change: Pick<Change, 'type' | 'data'>) => boolean;

const always = () => true;
const never = () => false;

/** What a need comes to for a principal: all changes of the type, none, or those whose data say so. */
function decide(principal: Principal, need: ChangeNeed): ChangeReader {
  const isAllowed = decideAlike(principal, need);
  const { audience } = need;
  if (!audience) return isAllowed;
  const { permissions, userId } = principal;
  return (change) => {
    const { [audience.user]: user, [audience.permission]: permission } = change.data;
    if (!isAllowed(change)) return false;
    if (typeof user === 'string') return user === userId;
    return typeof permission !== 'string' || grants(permissions, permission);
  };
}

/** The same, whomever a change says that it is for. */
function decideAlike({ permissions, userId }: Principal, { anyOf, own }: ChangeNeed): ChangeReader {
  const meets = anyOf.some((needed) => needed.every((one) => grants(permissions, one)));
  if (!own || !grants(permissions, own.permission)) return meets ? always : never;
  const { field, formerField = field } = own;
  const isOwn: ChangeReader = ({ data }) =>
    userId !== undefined && (data[field] === userId || data[formerField] === userId);
  if (own.unless === undefined) return meets ? always : isOwn;
  if (!meets) return never;
  return grants(permissions, own.unless) ? always : (change) => !Object.hasOwn(change.data, own.field) || isOwn(change);
}

/**
 * Makes the reader of each principal by the needs of the catalogue. Changes of a type that the catalogue does not have
 * (any more) are for those who may do everything.
 */
export function createChangeReaders(catalogue: EventCatalogue): (principal: Principal) => ChangeReader {
  const readers = new WeakMap<Principal, ChangeReader>();

  function readerFor(principal: Principal): ChangeReader {
    const byType = new Map<string, ChangeReader>();
    const decideType = (type: string) => {
      const reader = decide(principal, catalogue.get(type)?.need ?? { anyOf: [['*']] });
      byType.set(type, reader);
      return reader;
    };
    return (change) => (byType.get(change.type) ?? decideType(change.type))(change);
  }

  return (principal) => {
    const known = readers.get(principal);
    if (known) return known;
    const reader = readerFor(principal);
    readers.set(principal, reader);
    return reader;
  };
}
