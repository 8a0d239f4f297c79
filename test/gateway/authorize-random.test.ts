import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import {
  type DocumentNode,
  execute,
  type FieldNode,
  type GraphQLError,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  getVariableValues,
  isAbstractType,
  isObjectType,
  Kind,
  OperationTypeNode,
  parse,
  type SelectionSetNode,
  validate,
} from 'graphql';
import { refuseUnlessWhole, verdictOn } from '../../gateway/admission/authorize.ts';
import { executeOperation } from '../../gateway/execute/execute-operation.ts';
import { planOperation } from '../../gateway/plan/plan-operation.ts';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { loadSupergraph, type Supergraph } from '../../gateway/supergraph/supergraph.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { meets, type Need } from '../../kernel/permissions/need.ts';
import type { SubgraphRequest } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { refusingInvalid } from '../support/federation/data-subgraph.ts';
import { anonymousContext } from '../support/federation/engine.ts';
import { randomNeeds, type WorldNeeds, withNeeds, worldPermissions } from '../support/federation/random-needs.ts';
import { type RandomOperation, randomOperation, type ValuePool } from '../support/federation/random-operation.ts';
import { objectsPerType, randomWorld, type World } from '../support/federation/random-world.ts';
import { type SeededRandom, seededRandom } from '../support/federation/seeded-random.ts';
import { contextOf } from '../support/federation/sharing.ts';
import type { TestSubgraph } from '../support/federation/subgraph.ts';
import { subgraphsOf, wholeGraphValue } from '../support/federation/world-subgraphs.ts';
import { createWorldState, typeOfKey, type WorldState } from '../support/federation/world-values.ts';

const seed = Number(process.env.AUTHORIZE_SEED ?? 2026);
const caseCount = Number(process.env.AUTHORIZE_COUNT ?? 300);
/** Some operations on wide worlds take the planner minutes, whoever asks them; so these are not for every run. */
const isWide = process.env.AUTHORIZE_WIDE === 'true';
const casesPerWorld = 20;
const maxFields = 20;

interface Served {
  readonly world: World;
  readonly needs: WorldNeeds;
  readonly subgraphs: readonly TestSubgraph[];
  readonly supergraph: Supergraph;
  /** Of the subgraphs. */
  readonly state: WorldState;
}

function serve(world: World, needs: WorldNeeds): Served {
  const state = createWorldState();
  const subgraphs = subgraphsOf(world, state);
  const sdl = composeSupergraph(
    subgraphs.map(({ name, sdl: own }) => ({ name, url: `http://${name}.invalid`, sdl: own })),
  );
  return { world, needs, subgraphs, state, supergraph: loadSupergraph(withNeeds(sdl, needs)) };
}

interface ValidOperation extends RandomOperation {
  readonly document: DocumentNode;
}

function nextOperation({ world, supergraph }: Served, random: SeededRandom): ValidOperation {
  const ids = world.types.flatMap(({ name }) => Array.from({ length: objectsPerType }, (_, i) => `${name}-${i + 1}`));
  const pool: ValuePool = { ID: ids, String: ['x'], Int: [1, 2], aliases: ['a', 'b', 'id', 'code', 'row'] };
  for (;;) {
    const operation = randomOperation(supergraph.apiSchema, random, pool, maxFields);
    const document = parse(operation.source);
    if (validate(supergraph.apiSchema, document).length === 0) return { ...operation, document };
  }
}

/** The verdict by the words of the rules, found for one field of one object at a time. */
function createJudge({ world, needs }: Served, { principal }: RequestContext) {
  const isMet = (need: Need | null | undefined) => need === undefined || (need !== null && meets(principal, need));
  const { interfaces, entityInterface, rootFields, mutations } = world;
  const abstract = [...interfaces, ...(entityInterface ? [entityInterface] : [])];
  const withInterfaces = (typeName: string) => [
    typeName,
    ...abstract.filter(({ members }) => members.includes(typeName)).map(({ name }) => name),
  ];
  const seesType = (typeName: string): boolean => withInterfaces(typeName).every((one) => isMet(needs.get(one)));
  const seesField = (typeName: string, name: string): boolean => {
    const own = world.types.find((type) => type.name === typeName)?.fields.find((field) => field.name === name);
    const roots = { Query: rootFields, Mutation: mutations }[typeName] ?? [];
    const field = own ?? roots.find((root) => root.name === name);
    const required = own?.requires?.replaceAll(/\(.*?\)/g, '') ?? '';
    return (
      withInterfaces(typeName).every((one) => isMet(needs.get(`${one}.${name}`))) &&
      (field === undefined || seesType(field.of)) &&
      (own?.context === undefined || seesField('C0', 'tone')) &&
      required.split(/[ {}]+/).every((one) => one === '' || seesField(typeName, one)) &&
      (!required.includes('{') || ['width', 'height'].every((one) => seesType('V0') && seesField('V0', one)))
    );
  };
  // Behind an interface or union, types that some subgraph cannot tell apart are judged together.
  const together = (typeName: string) =>
    entityInterface?.members.includes(typeName) ? entityInterface.members : [typeName];
  const isOfInterface = (name: string) => name === 'id' || /^(mtext|x\d)/.test(name);
  const seesTypeBehind = (typeName: string) => together(typeName).every(seesType);
  const seesFieldBehind = (typeName: string, name: string) =>
    (isOfInterface(name) ? together(typeName) : [typeName]).every((one) => seesField(one, name));
  return { seesType, seesField, seesTypeBehind, seesFieldBehind };
}

/** The answer of the whole graph, if it threw an error for everything that is refused. */
async function trueAnswer(served: Served, { document, variables }: ValidOperation, context: RequestContext) {
  const { seesField, seesFieldBehind, seesTypeBehind } = createJudge(served, context);
  const refuse = () => new Error('refused');
  const state = createWorldState();
  const behind = (item: unknown) => {
    const object = item as { readonly __typename?: string } | null;
    if (object?.__typename === undefined) return item;
    return seesTypeBehind(object.__typename) ? { ...object, isBehind: true } : refuse();
  };
  return execute({
    schema: served.supergraph.apiSchema,
    document,
    variableValues: variables,
    fieldResolver(source, { by }, _, { parentType, fieldName, returnType }) {
      const sees = source?.isBehind ? seesFieldBehind : seesField;
      if (!sees(parentType.name, fieldName)) throw refuse();
      const value = wholeGraphValue(served.world, parentType.name, source, fieldName, by, state);
      if (!isAbstractType(getNamedType(returnType))) return value;
      return Array.isArray(value) ? value.map(behind) : behind(value);
    },
  });
}

async function ourAnswer(served: Served, { document, variables }: ValidOperation, context: RequestContext) {
  const { supergraph, subgraphs } = served;
  for (const { requests } of subgraphs) requests.length = 0;
  Object.assign(served.state, { mutationCount: 0, labels: [] });
  const definitions = getOperationAST(document)?.variableDefinitions ?? [];
  const { coerced = {} } = getVariableValues(supergraph.apiSchema, definitions, variables);
  const verdict = verdictOn(supergraph, document, context.principal);
  const plan = planOperation(supergraph, document, undefined, new Set(), false, verdict);
  refuseUnlessWhole(plan, context.principal, coerced);
  return await executeOperation({
    plan,
    supergraph,
    variables: coerced,
    connections: new Map(subgraphs.map((subgraph) => [subgraph.name, refusingInvalid(subgraph).execute])),
    context,
  });
}

/** What the subgraphs were asked for though the principal may not see it. */
function refusedRequests(served: Served, context: RequestContext): readonly string[] {
  const { seesType, seesField } = createJudge(served, context);
  return served.subgraphs.flatMap(({ name, schema, requests }) =>
    requests.flatMap((request) =>
      askedFields(served.world, schema, request)
        .filter(({ type, field }) => (/^[A-Z]\d/.test(type) && !seesType(type)) || !seesField(type, field))
        .map(({ type, field }) => `${name}: ${type}.${field} in ${request.document}`),
    ),
  );
}

interface AskedField {
  readonly type: string;
  readonly field: string;
}

/** What an object can be: its type in the schema of a subgraph, and in truth. */
interface PossibleType {
  readonly known: string;
  readonly type: string;
}

/** The fields that an operation asks, for each object type that it can ask them of. */
function askedFields(
  world: World,
  schema: GraphQLSchema,
  { document, variables }: SubgraphRequest,
): readonly AskedField[] {
  const { representations = [] } = variables as { readonly representations?: readonly Record<string, string>[] };
  const { entityInterface } = world;
  const isInterfaceName = (name: string | undefined) => name === entityInterface?.name;
  const sent = representations.map(({ __typename, id = '' }) =>
    isInterfaceName(__typename) ? typeOfKey(id) : __typename,
  );
  // A subgraph that knows an interface as an object does not know of which type its objects are.
  const inTruth = (known: string): readonly PossibleType[] =>
    (isInterfaceName(known) ? (entityInterface?.members ?? []) : [known]).map((type) => ({ known, type }));
  const possible = (type: unknown): readonly PossibleType[] => {
    if (isAbstractType(type)) return schema.getPossibleTypes(type).flatMap(({ name }) => inTruth(name));
    return isObjectType(type) ? inTruth(type.name) : [];
  };
  const parsed = parse(document);
  const fragments = parsed.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const walk = ({ selections }: SelectionSetNode, types: readonly PossibleType[]): readonly AskedField[] =>
    selections.flatMap((selection): readonly AskedField[] => {
      if (selection.kind === Kind.FIELD) return types.flatMap((type) => ask(selection, type));
      const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
      const fragment = isSpread ? fragments.find(({ name }) => name.value === selection.name.value) : selection;
      if (!fragment) return [];
      const condition = fragment.typeCondition;
      const narrowed = condition && possible(schema.getType(condition.name.value)).map(({ known }) => known);
      return walk(fragment.selectionSet, narrowed ? types.filter(({ known }) => narrowed.includes(known)) : types);
    });
  const ask = ({ name, selectionSet }: FieldNode, { known, type }: PossibleType): readonly AskedField[] => {
    const own = schema.getType(known);
    const field = isObjectType(own) ? own.getFields()[name.value] : undefined;
    const types = field ? possible(getNamedType(field.type)) : [];
    const asked = name.value === '_entities' ? types.filter((one) => sent.includes(one.type)) : types;
    const below = selectionSet ? walk(selectionSet, asked) : [];
    // By its key it is asked elsewhere what an object is.
    const isKeyOfUnknown = isInterfaceName(known) && name.value === 'id';
    const isAsked = field && !name.value.startsWith('_') && !isKeyOfUnknown;
    return isAsked ? [{ type, field: name.value }, ...below] : below;
  };
  const operation = getOperationAST(parsed);
  const root = operation?.operation === OperationTypeNode.MUTATION ? 'Mutation' : 'Query';
  return operation ? walk(operation.selectionSet, [{ known: root, type: root }]) : [];
}

/** Errors that are no refusals, or not at a null. */
function strangeErrors(data: unknown, errors: readonly GraphQLError[], { principal }: RequestContext) {
  const code = principal ? 'FORBIDDEN' : 'UNAUTHENTICATED';
  return errors.filter(({ extensions, path = [] }) => {
    const at = path.reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key] ?? null, data);
    return extensions.code !== code || at !== null;
  });
}

/** What is wrong with our answer to an operation; empty when nothing is. */
async function faultsOf(served: Served, operation: ValidOperation, context: RequestContext) {
  const truth = await trueAnswer(served, operation, context);
  const nulledRoots = truth.errors?.filter(({ path }) => truth.data?.[path?.[0] ?? ''] == null) ?? [];
  const isMutation = getOperationAST(operation.document)?.operation === OperationTypeNode.MUTATION;
  let answer: Awaited<ReturnType<typeof ourAnswer>>;
  try {
    answer = await ourAnswer(served, operation, context);
  } catch (error) {
    if (isPlannerFault(error)) return { unplanned: String(error) };
    const asked = served.subgraphs.flatMap(({ requests }) => requests);
    const isRightly = isMutation && error instanceof PanoramaError && truth.errors && asked.length === 0;
    return isRightly ? {} : { error: String(error), asked };
  }
  const { data, errors = [] } = answer;
  const ours = data.toJSON();
  const requests = refusedRequests(served, context);
  const strange = strangeErrors(ours, errors, context).map((error) => error.toJSON());
  const isLoss = strange.some(({ extensions }) => /INTERNAL|SUBGRAPH_UNAVAILABLE/.test(String(extensions?.code)));
  if (isLoss && requests.length === 0 && isWithin(ours, truth.data)) return { unplanned: strange };
  return {
    ...(!isDeepStrictEqual(ours, JSON.parse(JSON.stringify(truth.data))) && { ours, truth: truth.data }),
    ...(requests.length > 0 && { requests }),
    ...(strange.length > 0 && { strange }),
    ...(truth.errors && errors.length === 0 && { untold: truth.errors }),
    ...(isMutation && nulledRoots.length > 0 && { ran: nulledRoots }),
  };
}

/** Tells whether an answer holds nothing but what the true one holds, or null. */
function isWithin(ours: unknown, truth: unknown): boolean {
  if (ours === null || typeof ours !== 'object') return ours === null || ours === truth;
  if (truth === null || typeof truth !== 'object') return false;
  return Object.entries(ours).every(([key, value]) => isWithin(value, (truth as Record<string, unknown>)[key]));
}

/** The planner fails at some operations, allowed in full or not. */
function isPlannerFault(error: unknown): boolean {
  return !(error instanceof PanoramaError) || error.code === 'INTERNAL';
}

describe(`needs of all kinds, by chance (AUTHORIZE_SEED=${seed})`, () => {
  test(`what is refused is never answered nor asked for, and everything else is, in ${caseCount} operations`, async () => {
    const random = seededRandom(seed);
    let verdicts = 0;
    let unplanned = 0;
    for (let count = 0; count < caseCount; count += casesPerWorld) {
      const worldSeed = random.below(1_000_000_000);
      const worldRandom = seededRandom(worldSeed);
      const world = randomWorld(worldSeed, worldRandom, isWide);
      const served = serve(world, randomNeeds(world, worldRandom));
      for (let index = 0; index < Math.min(casesPerWorld, caseCount - count); index += 1) {
        const operation = nextOperation(served, random);
        const permissions = worldPermissions.filter(() => random.chance(0.6));
        const some = random.chance(0.3) ? [...permissions, 'read:interfaces'] : permissions;
        const context = random.chance(0.1) ? anonymousContext : contextOf('acme', { permissions: some });
        if (verdictOn(served.supergraph, operation.document, context.principal)) verdicts += 1;
        const faults = await faultsOf(served, operation, context);
        if ('unplanned' in faults) unplanned += 1;
        if ('unplanned' in faults || isDeepStrictEqual(faults, {})) continue;
        const { source, variables } = operation;
        const asked = { seed, worldSeed, source, variables, permissions: context.principal?.permissions };
        expect({ ...asked, needs: [...served.needs], ...faults }).toBeUndefined();
      }
    }
    expect(unplanned / caseCount).toBeLessThan(0.05);
    expect(verdicts / caseCount).toBeGreaterThan(0.3);
  }, 900_000);
});
