import { type DocumentNode, type GraphQLSchema, isObjectType } from 'graphql';
import type { AppRules } from './app-rules.ts';
import { guardAbstractTypes, guardEntities } from './guard-entities.ts';
import { hideRecords } from './hide-records.ts';
import { needsOfSchema } from './needs-of-schema.ts';
import { shieldSchema } from './shield.ts';

/**
 * Makes a subgraph enforce what its schema says that each element needs, and the rules of its app, by itself: what the
 * gateway has checked before is not relied on. The schema, made of `document`, is changed. Throws an error that names the
 * place where the schema says something that cannot be met, or a rule is for something that does not exist.
 */
export function guardSchema(schema: GraphQLSchema, document: DocumentNode, rules: AppRules = {}): GraphQLSchema {
  const { fields = {}, records = {} } = rules;
  assertRulesApply(schema, rules);
  const needs = needsOfSchema(schema, document);
  guardEntities(schema, needs, records);
  guardAbstractTypes(schema, needs);
  hideRecords(schema, records);
  shieldSchema(schema, needs, fields);
  return schema;
}

function assertRulesApply(schema: GraphQLSchema, { fields = {}, records = {} }: AppRules): void {
  const exists = (type: string, field?: string) => {
    const found = schema.getType(type);
    return isObjectType(found) && (field === undefined || Object.hasOwn(found.getFields(), field));
  };
  const ofFields = Object.entries(fields).flatMap(([type, ofType]) =>
    Object.keys(ofType).flatMap((field) => (exists(type, field) ? [] : [`${type}.${field}`])),
  );
  const unknown = [...ofFields, ...Object.keys(records).filter((type) => !exists(type))];
  if (unknown.length > 0) throw new Error(`There are rules for what the schema does not have: ${unknown.join(', ')}.`);
}
