import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import type { FieldRule, FieldRules, RuleContext } from './app-rules.ts';
import { allow, deny, rule, shield } from './load-shield.ts';
import type { Need } from './need.ts';
import { isRoot, type SchemaNeeds } from './needs-of-schema.ts';
import { refusalOf, refusalOfUnmapped } from './refusal.ts';
import { remainingNeeds } from './remaining-needs.ts';

type Resolver = GraphQLFieldResolver<unknown, RuleContext>;
type ShieldRule = typeof allow | ReturnType<ReturnType<typeof rule>>;
type RuleTree = Record<string, Record<string, ShieldRule>>;
/** What graphql-shield makes of a rule: it decides, then calls the resolver. */
type Guard = (resolve: Resolver, ...args: Parameters<Resolver>) => Promise<unknown>;
type Guards = Readonly<Record<string, Readonly<Record<string, Guard | { readonly resolve: Guard }>>>>;

/** Who may call these is decided before, and by `guardEntities` for each representation. */
const federationFields = new Set(['Query._service', 'Query._entities']);

/**
 * Puts a graphql-shield rule before every field that needs more than its parent did: what the schema says, then what the
 * app adds. A field at which an operation begins and of which nothing is said is denied. The schema is changed.
 *
 * graphql-shield makes the guards. They are bound here and not by graphql-middleware, which leaves `subscribe` unguarded
 * beside `resolve` and puts a guard before every field. `debug` lets pass as it is what a rule or a resolver throws:
 * otherwise a rule that throws counts as one that says no, which `not` turns into a yes. No rule has a cache: shield keys
 * it by the names of rules, on a context that other schemas may share.
 */
export function shieldSchema(schema: GraphQLSchema, needs: SchemaNeeds, rules: FieldRules): void {
  const tree = ruleTreeOf(schema, needs, rules);
  const generator = shield(tree, {
    debug: true,
    allowExternalErrors: false,
    fallbackRule: deny,
    fallbackError: refusalOfUnmapped,
    hashFunction: () => '',
  });
  const guards = generator.generate(schema) as unknown as Guards;
  for (const type of objectTypesOf(schema)) {
    for (const field of Object.values(type.getFields())) {
      const guard = guards[type.name]?.[field.name];
      if (!guard || tree[type.name]?.[field.name] === allow) continue;
      bindGuard(field, typeof guard === 'function' ? guard : guard.resolve);
    }
  }
}

/** The object types of a schema; interfaces need no guard, since execution resolves fields of objects only. */
export function objectTypesOf(schema: GraphQLSchema): GraphQLObjectType[] {
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !name.startsWith('__'));
}

function bindGuard(field: GraphQLField<unknown, RuleContext>, guard: Guard): void {
  const { resolve = defaultFieldResolver, subscribe } = field;
  field.resolve = (...args) => guard(resolve, ...args);
  if (subscribe) field.subscribe = (...args) => guard(subscribe, ...args);
}

function ruleTreeOf(schema: GraphQLSchema, needs: SchemaNeeds, rules: FieldRules): RuleTree {
  const remaining = remainingNeeds(schema, needs);
  const tree: RuleTree = {};
  for (const type of objectTypesOf(schema)) {
    const ofType: Record<string, ShieldRule> = {};
    for (const { name } of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${name}`;
      const isMapped = needs.ofFields.has(coordinate) || federationFields.has(coordinate);
      if (!isMapped && isRoot(schema, type)) continue; // the fallback: denied
      const asked = (remaining.get(coordinate) ?? []).filter(({ anyOf }) => anyOf.length > 0); // there is a principal
      const appRule = rules[type.name]?.[name];
      ofType[name] = asked.length > 0 || appRule ? ruleOf(asked, appRule) : allow;
    }
    tree[type.name] = ofType;
  }
  return tree;
}

/** One rule and not a `chain` of two: shield waits for a few promises at each. */
function ruleOf(needs: readonly Need[], appRule: FieldRule | undefined): ShieldRule {
  return rule({ cache: 'no_cache' })(
    (parent, _args, context: RuleContext) =>
      refusalOf(context.principal, needs) ?? appRule?.(parent as never, context) ?? true,
  );
}
