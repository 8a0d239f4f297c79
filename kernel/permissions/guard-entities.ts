import { defaultTypeResolver, type GraphQLSchema, isAbstractType } from 'graphql';
import type { PanoramaError } from '../errors/panorama-error.ts';
import type { RecordRules, RuleContext } from './app-rules.ts';
import { testsFor } from './hide-records.ts';
import type { SchemaNeeds } from './needs-of-schema.ts';
import { refusalOf, refusalOfUnmapped } from './refusal.ts';

interface Representation {
  readonly __typename: string;
}

/**
 * Makes `_entities` ask, for each representation, for what its type needs: a refused one is null with `FORBIDDEN`, and is
 * not looked for; the others are served. A type of which the schema says nothing is refused. The schema is changed.
 */
export function guardEntities(schema: GraphQLSchema, { ofTypes }: SchemaNeeds, rules: RecordRules): void {
  const field = schema.getQueryType()?.getFields()._entities;
  const resolve = field?.resolve;
  if (!field || !resolve) return;

  function refusalOfType(type: string, { principal }: RuleContext): PanoramaError | undefined {
    const known = schema.getType(type);
    // The resolver refuses what is unknown; what an interface stands for is known when it is found.
    if (!known || isAbstractType(known)) return undefined;
    const needs = ofTypes.get(type);
    return needs ? refusalOf(principal, needs) : refusalOfUnmapped();
  }

  field.resolve = (source, args: { readonly representations: readonly Representation[] }, context, info) => {
    const { representations } = args;
    const types = new Set(representations.map(({ __typename }) => __typename));
    const refusals = new Map(Array.from(types, (type) => [type, refusalOfType(type, context)]));
    const admitted = representations.filter(({ __typename }) => !refusals.get(__typename));
    const found = resolve(source, { representations: admitted }, context, info) as readonly unknown[];
    const tests = testsFor(rules, types, context);
    const seen = found.map((value, index) => {
      const test = tests.get(admitted[index]?.__typename ?? '');
      return test ? Promise.resolve(value).then((record) => (record && test(record as never) ? record : null)) : value;
    });
    const rest = seen.values();
    return representations.map(({ __typename }) => refusals.get(__typename) ?? rest.next().value);
  };
}

/**
 * Makes objects that a field of an interface or a union returns need what their own types do, whatever the field says:
 * one that the principal may not see is null with `FORBIDDEN`. The schema is changed.
 */
export function guardAbstractTypes(schema: GraphQLSchema, { ofTypes }: SchemaNeeds): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isAbstractType(type)) continue;
    const resolveType = type.resolveType ?? defaultTypeResolver;
    const unmapped = type.name === '_Entity' ? refusalOfUnmapped : () => undefined;
    const admit = (name: string | undefined, { principal }: RuleContext) => {
      const needs = ofTypes.get(name ?? '');
      const refusal = needs ? refusalOf(principal, needs) : unmapped();
      if (refusal) throw refusal;
      return name;
    };
    type.resolveType = (value, context: RuleContext, info, abstractType) => {
      const name = resolveType(value, context, info, abstractType);
      return typeof name === 'object' ? name.then((settled) => admit(settled, context)) : admit(name, context);
    };
  }
}
