import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  type TypeDefinitionNode,
} from 'graphql';
import { root } from '../support/source-files.ts';

const roots = ['Query', 'Mutation', 'Subscription'];

/** The conventions that every schema of the suite keeps. */
describe('the schemas of the apps', () => {
  const apps = readdirSync(join(root, 'subgraphs'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const types: { readonly app: string; readonly type: TypeDefinitionNode }[] = [];

  beforeAll(() => {
    for (const { name } of apps) {
      for (const file of readdirSync(join(root, 'subgraphs', name)).filter((entry) => entry.endsWith('.graphql'))) {
        const document: DocumentNode = parse(readFileSync(join(root, 'subgraphs', name, file), 'utf8'));
        for (const type of document.definitions) types.push({ app: name, type: type as TypeDefinitionNode });
      }
    }
  });

  const objects = () =>
    types.filter((entry) => entry.type.kind === Kind.OBJECT_TYPE_DEFINITION) as {
      app: string;
      type: ObjectTypeDefinitionNode;
    }[];
  const fieldsOf = (name: string): readonly FieldDefinitionNode[] =>
    objects().flatMap(({ type }) => (type.name.value === name ? (type.fields ?? []) : []));

  test('describe every type but the roots and those that only refer to another app', () => {
    const isReference = (type: TypeDefinitionNode) =>
      type.kind === Kind.OBJECT_TYPE_DEFINITION &&
      (type.fields ?? []).every(
        (field) => field.name.value === 'id' || field.directives?.some(({ name }) => name.value === 'external'),
      );
    const undescribed = types.filter(
      ({ type }) => !type.description && !roots.includes(type.name.value) && !isReference(type),
    );
    expect(undescribed.map(({ app, type }) => `${app}: ${type.name.value}`)).toEqual([]);
  });

  test('describe every root field', () => {
    expect(
      roots
        .flatMap(fieldsOf)
        .filter((field) => !field.description)
        .map((field) => field.name.value),
    ).toEqual([]);
  });

  test('let every root query field be null, so that a failed one leaves the rest', () => {
    expect(
      fieldsOf('Query')
        .filter((field) => field.type.kind === Kind.NON_NULL_TYPE)
        .map((field) => field.name.value),
    ).toEqual([]);
  });

  test('give every mutation one input and a payload with userErrors', () => {
    const payloads = new Map(objects().map(({ type }) => [type.name.value, type]));
    for (const field of fieldsOf('Mutation')) {
      const name = field.name.value;
      const capital = `${name[0]?.toUpperCase()}${name.slice(1)}`;
      expect(field.arguments?.map((argument) => print(argument))).toEqual([`input: ${capital}Input!`]);
      expect(print(field.type)).toBe(`${capital}Payload!`);
      const errors = payloads.get(`${capital}Payload`)?.fields?.find((one) => one.name.value === 'userErrors');
      expect(errors && print(errors.type)).toBe('[UserError!]!');
    }
  });

  test('let every feed that resumes tell events that it resumes from, or that it cannot', () => {
    const feeds = fieldsOf('Subscription').filter((field) =>
      field.arguments?.some((argument) => print(argument).endsWith('after: Cursor')),
    );
    expect(feeds.length).toBeGreaterThan(4);
    for (const feed of feeds) {
      const union = types.find(({ type }) => type.name.value === print(feed.type))?.type;
      const members = union?.kind === Kind.UNION_TYPE_DEFINITION ? (union.types ?? []) : [];
      expect(members.map(({ name }) => name.value)).toContain('Resync');
      for (const { name } of members.filter((member) => member.name.value !== 'Resync')) {
        const shape = Object.fromEntries(fieldsOf(name.value).map((field) => [field.name.value, print(field.type)]));
        const marks = { from: 'Cursor!', to: 'Cursor!', compacted: 'Boolean!', upToDate: 'Boolean!' };
        expect({ feed: feed.name.value, shape }).toMatchObject({ feed: feed.name.value, shape: marks });
      }
    }
  });

  test('shape every connection alike', () => {
    for (const { type } of objects().filter((entry) => entry.type.name.value.endsWith('Connection'))) {
      const node = type.name.value.slice(0, -'Connection'.length);
      const shape = Object.fromEntries((type.fields ?? []).map((field) => [field.name.value, print(field.type)]));
      expect(shape).toMatchObject({
        edges: `[${node}Edge!]!`,
        nodes: `[${node}!]!`,
        pageInfo: 'PageInfo!',
        totalCount: 'Int',
      });
    }
  });

  test('let whatever a customer gets from an app be null, so that a failed app costs its own part only', () => {
    const parts = fieldsOf('Customer').filter((field) => field.name.value !== 'id');
    expect(parts.filter((field) => field.type.kind === Kind.NON_NULL_TYPE).map((field) => field.name.value)).toEqual(
      [],
    );
  });
});
