import {
  defaultFieldResolver,
  defaultTypeResolver,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
} from 'graphql';
import type { RecordRules, RuleContext } from './app-rules.ts';
import { objectTypesOf } from './shield.ts';

type TestRecord = (record: never) => boolean;
/** By type; absent for a type of which the principal sees every record. */
type Tests = ReadonlyMap<string, TestRecord>;

/**
 * Makes what every field returns pass the record rules of its type: a record that the principal may not see becomes null,
 * or is left out of a list. Lists with pages have to select in the store already, for their counts and cursors to agree;
 * this is the floor below. The schema is changed.
 */
export function hideRecords(schema: GraphQLSchema, rules: RecordRules): void {
  for (const type of objectTypesOf(schema)) {
    for (const field of Object.values(type.getFields())) {
      const returned = getNamedType(field.type);
      const possible = isAbstractType(returned) ? schema.getPossibleTypes(returned) : [returned];
      const ruled = possible.map(({ name }) => name).filter((name) => Object.hasOwn(rules, name));
      // `_entities` knows the types of its objects by itself: `guardEntities`.
      if (ruled.length > 0 && returned.name !== '_Entity')
        bindTests(field, (context) => testsFor(rules, ruled, context));
    }
  }
}

/** The tests that a principal's view of some types has to pass. */
export function testsFor(rules: RecordRules, types: Iterable<string>, { principal }: RuleContext): Tests {
  const tests = new Map<string, TestRecord>();
  for (const type of types) {
    const test = rules[type]?.(principal);
    if (test) tests.set(type, test);
  }
  return tests;
}

function bindTests(field: GraphQLField<unknown, RuleContext>, testsOf: (context: RuleContext) => Tests): void {
  const { resolve = defaultFieldResolver } = field;
  field.resolve = (source, args, context, info) => {
    const tests = testsOf(context);
    const value: unknown = resolve(source, args, context, info);
    return tests.size === 0 ? value : keepVisible(value, tests, context, info);
  };
}

async function keepVisible(value: unknown, tests: Tests, context: RuleContext, info: GraphQLResolveInfo) {
  const settled = await value;
  if (!Array.isArray(settled)) return (await isVisible(settled, tests, context, info)) ? settled : null;
  const records: unknown[] = await Promise.all(settled);
  const verdicts = await Promise.all(records.map((record) => isVisible(record, tests, context, info)));
  return records.filter((_, index) => verdicts[index]);
}

async function isVisible(record: unknown, tests: Tests, context: RuleContext, info: GraphQLResolveInfo) {
  if (record === null || record === undefined || record instanceof Error) return true;
  const returned = getNamedType(info.returnType);
  const type = isAbstractType(returned)
    ? await (returned.resolveType ?? defaultTypeResolver)(record, context, info, returned)
    : returned.name;
  return tests.get(type ?? '')?.(record as never) ?? true;
}
