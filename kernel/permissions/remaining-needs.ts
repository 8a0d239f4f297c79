import { type GraphQLSchema, getNamedType, isAbstractType, isObjectType } from 'graphql';
import type { Need } from './need.ts';
import type { SchemaNeeds } from './needs-of-schema.ts';

/** What is certain to be met, in a form that can be compared. */
type Certain = ReadonlySet<string>;

const keyOf = ({ anyOf }: Need) => JSON.stringify(anyOf);

/**
 * What reading each field needs beyond what was asked for on every way to its parent, so that nothing is asked twice: the
 * nodes of a list of leads need nothing more than the list did. A field that is not in the result needs nothing more.
 */
export function remainingNeeds(schema: GraphQLSchema, needs: SchemaNeeds): SchemaNeeds['ofFields'] {
  const certain = findCertain(schema, needs);
  const remaining = new Map<string, readonly Need[]>();
  for (const [coordinate, asked] of needs.ofFields) {
    const parent = coordinate.slice(0, coordinate.indexOf('.'));
    const more = asked.filter((need) => !certain.get(parent)?.has(keyOf(need)));
    if (more.length > 0) remaining.set(coordinate, more);
  }
  return remaining;
}

/**
 * By type, what was met on every way there, from the roots on (`_entities` is a field of one). A way that is found later
 * can only take something away, so a type is looked at again until nothing changes.
 */
function findCertain(schema: GraphQLSchema, { ofFields, ofTypes }: SchemaNeeds): ReadonlyMap<string, Certain> {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
    (type) => !!type,
  );
  const certain = new Map<string, Certain>(roots.map(({ name }) => [name, new Set()]));
  const waiting = roots.map(({ name }) => name);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const type = schema.getType(name);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const returned = getNamedType(field.type);
      const asked = (ofFields.get(`${name}.${field.name}`) ?? []).map(keyOf);
      for (const { name: target } of isAbstractType(returned) ? schema.getPossibleTypes(returned) : [returned]) {
        const here = new Set([...(certain.get(name) ?? []), ...asked, ...(ofTypes.get(target) ?? []).map(keyOf)]);
        const before = certain.get(target);
        const now = before ? new Set([...before].filter((key) => here.has(key))) : here;
        if (before && before.size === now.size) continue;
        certain.set(target, now);
        waiting.push(target);
      }
    }
  }
  return certain;
}
