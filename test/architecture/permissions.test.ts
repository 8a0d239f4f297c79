import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  type ConstDirectiveNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
  print,
} from 'graphql';
import { isPermission } from '../../kernel/permissions/permission.ts';
import { root } from '../support/source-files.ts';

interface ObjectType {
  readonly app: string;
  readonly type: ObjectTypeDefinitionNode | ObjectTypeExtensionNode;
}

const roots = ['Query', 'Mutation', 'Subscription'];
const resources = [
  ...['notifications', 'webhooks'],
  ...['reports', 'workflows', 'queues'],
  ...['users', 'own-users', 'sessions', 'tenants', 'keys', 'roles', 'schema', 'security', 'analytics', 'metrics'],
  ...['incidents', 'compliance', 'maintenance', 'backups'],
  ...[
    'documents',
    'leads',
    'assigned-leads',
    'contacts',
    'deals',
    'activities',
    'companies',
    'voice',
    'emails',
    'events',
  ],
  'privacy',
];

function readObjectTypes(): ObjectType[] {
  const apps = readdirSync(join(root, 'subgraphs'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return apps.flatMap(({ name: app }) =>
    readdirSync(join(root, 'subgraphs', app))
      .filter((file) => file.endsWith('.graphql'))
      .flatMap((file) => parse(readFileSync(join(root, 'subgraphs', app, file), 'utf8')).definitions)
      .filter(({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION || kind === Kind.OBJECT_TYPE_EXTENSION)
      .map((type) => ({ app, type: type as ObjectType['type'] })),
  );
}

/** What a type or a field says of who may have it, as it is written. */
function needsOf({ directives = [] }: { readonly directives?: readonly ConstDirectiveNode[] | undefined }): string[] {
  return directives
    .filter(({ name }) => ['authenticated', 'requiresScopes'].includes(name.value))
    .map((one) => print(one));
}

describe('what the schemas of the apps say about permissions', () => {
  const types = readObjectTypes();
  const has = (type: ObjectType['type'], directive: string) =>
    type.directives?.some(({ name }) => name.value === directive) ?? false;

  test('is said at every field where an operation begins', () => {
    const rootFields = types
      .filter(({ type }) => roots.includes(type.name.value))
      .flatMap(({ app, type }) => (type.fields ?? []).map((field) => ({ app, field })));
    expect(rootFields.length).toBeGreaterThan(50);
    const silent = rootFields.filter(({ field }) => needsOf(field).length === 0);
    expect(silent.map(({ app, field }) => `${app}: ${field.name.value}`)).toEqual([]);
  });

  /** The exchange of a credential; what is one's own in the inbox; and of sync, where each pushed mutation needs what it needs by itself. */
  const ofAnyone = [
    'issueToken',
    'push',
    'ackRejections',
    'markRead',
    'updateNotificationPreferences',
    /^apply\w+Mutations$/,
  ];

  test('asks for more than a principal of every mutation but a few', () => {
    const mutations = types.flatMap(({ type }) => (type.name.value === 'Mutation' ? (type.fields ?? []) : []));
    const open = mutations.filter((field) => needsOf(field).every((need) => need === '@authenticated'));
    const names = open.map((field) => field.name.value);
    expect(names.filter((name) => !ofAnyone.some((one) => name.match(one)?.[0] === name))).toEqual([]);
  });

  test('is said at every entity, which the gateway reaches without a field of ours', () => {
    const silent = types.filter(({ type }) => has(type, 'key') && needsOf(type).length === 0);
    expect(silent.map(({ app, type }) => `${app}: ${type.name.value}`)).toEqual([]);
  });

  test('is the same in every app that knows an entity, so that no app gives more than another', () => {
    const sayings = new Map<string, Set<string>>();
    for (const { type } of types.filter((one) => has(one.type, 'key'))) {
      const ofType = sayings.get(type.name.value) ?? new Set();
      sayings.set(type.name.value, ofType.add(needsOf(type).join(' ')));
    }
    expect(Array.from(sayings).filter(([, said]) => said.size > 1)).toEqual([]);
  });

  test('names permissions for known resources only', () => {
    const texts = types.flatMap(({ type }) => [type, ...(type.fields ?? [])].flatMap(needsOf));
    const permissions = texts.flatMap((text) => text.match(/"[^"]*"/g) ?? []).map((text) => text.slice(1, -1));
    const unknown = permissions.filter(
      (permission) => !isPermission(permission) || !resources.includes(permission.split(':')[1] ?? ''),
    );
    expect(unknown).toEqual([]);
  });
});
