import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import type { FetchNode, RequiredSelection } from '../plan/plan-node.ts';
import { batchRepresentations } from './batch-representations.ts';
import { type Execution, noteAbsence } from './execution.ts';
import { findTargets } from './find-targets.ts';
import { groupByContext } from './group-by-context.ts';
import { type EntityTargets, entityIndexOf, noteSubgraphErrors } from './note-subgraph-errors.ts';
import { addFields } from './overlays.ts';
import { type DataObject, isDataObject, ownValue, setOwnValue } from './own-values.ts';
import { rewriteData } from './rewrite-data.ts';
import { MalformedAnswerError, readAnswer, readEntities, type SubgraphAnswer } from './subgraph-answer.ts';
import { createSubgraphFailure } from './subgraph-failure.ts';

/**
 * Sends a fetch for the objects at a path and merges what comes back into them. Without objects nothing is sent. Never
 * rejects: when the subgraph fails, the objects are noted to lack the fetch's fields.
 */
export async function executeFetch(execution: Execution, fetch: FetchNode, path: readonly string[]): Promise<void> {
  const targets = findTargets(execution, path);
  if (targets.length === 0) return;
  const { requires } = fetch;
  if (!requires) return await fetchFields(execution, fetch, path, targets);
  if (fetch.contexts.length === 0) return await fetchEntities(execution, fetch, requires, path, targets);
  // Each set of values from above is an operation of its own.
  const groups = groupByContext(execution, fetch.contexts, path);
  await Promise.all(
    groups.map((group) => fetchEntities(execution, fetch, requires, path, group.targets, group.values)),
  );
}

/** Fields of a root type: one answer for all objects at the path. */
async function fetchFields(
  execution: Execution,
  fetch: FetchNode,
  path: readonly string[],
  targets: readonly DataObject[],
): Promise<void> {
  try {
    const answer = await send(execution, fetch, fetchVariables(execution, fetch));
    noteSubgraphErrors(execution, fetch, path, answer.errors, undefined);
    mergeAnswer(execution, fetch, targets, rewriteData(fetch.outputRewrites, answer.data), answer.errors.length > 0);
  } catch (cause) {
    noteFailure(execution, fetch, targets, cause);
  }
}

/** Fields of entities: objects with equal representations share one entity of the answer. */
async function fetchEntities(
  execution: Execution,
  fetch: FetchNode,
  requires: readonly RequiredSelection[],
  path: readonly string[],
  targets: readonly DataObject[],
  contextValues: DataObject = {},
): Promise<void> {
  let entityTargets: EntityTargets = [targets];
  try {
    // A key that a subgraph gave may be nested too deeply to be sent.
    const batch = batchRepresentations(execution, fetch, requires, targets);
    if (batch.length === 0) return;
    entityTargets = batch.map((batched) => batched.targets);
    const variables = fetchVariables(execution, fetch);
    Object.assign(variables, contextValues);
    variables.representations = batch.map(({ representation }) => representation);
    const answer = await send(execution, fetch, variables);
    noteSubgraphErrors(execution, fetch, path, answer.errors, entityTargets);
    mergeEntities(execution, fetch, entityTargets, answer);
  } catch (cause) {
    noteFailure(execution, fetch, entityTargets.flat(), cause);
  }
}

function mergeEntities(
  execution: Execution,
  fetch: FetchNode,
  entityTargets: EntityTargets,
  answer: SubgraphAnswer,
): void {
  const entities = readEntities(answer, entityTargets.length);
  const erroneous = new Set(answer.errors.map((error) => entityIndexOf(error, entityTargets.length)));
  const malformed: DataObject[] = [];
  for (const [index, targets] of entityTargets.entries()) {
    const entity = entities?.[index] ?? undefined;
    if (entity !== undefined && !isDataObject(entity)) {
      malformed.push(...targets);
      continue;
    }
    const isExplained = erroneous.has(index) || erroneous.has(undefined);
    mergeAnswer(execution, fetch, targets, rewriteData(fetch.outputRewrites, entity), isExplained);
  }
  if (malformed.length > 0) {
    noteFailure(execution, fetch, malformed, new MalformedAnswerError('An entity is not an object.'));
  }
}

function mergeAnswer(
  execution: Execution,
  fetch: FetchNode,
  targets: readonly DataObject[],
  data: DataObject | undefined,
  isExplained: boolean,
): void {
  if (data && execution.hasContexts) {
    // What stands at two places may have to differ there.
    for (const target of targets) addFields(execution.overlays, [target], structuredClone(data), fetch.responseNames);
  } else if (data) {
    addFields(execution.overlays, targets, data, fetch.responseNames);
  }
  const reason = isExplained ? 'explained' : data ? undefined : 'no entity';
  if (reason) for (const target of targets) noteAbsence(execution, target, fetch, reason);
}

/** The client's variables that a fetch uses. */
export function fetchVariables({ variables }: Pick<Execution, 'variables'>, { variableNames }: FetchNode): DataObject {
  const sent: DataObject = {};
  for (const name of variableNames) {
    const value = ownValue(variables, name);
    if (value !== undefined) setOwnValue(sent, name, value);
  }
  return sent;
}

async function send(execution: Execution, fetch: FetchNode, variables: DataObject): Promise<SubgraphAnswer> {
  // A connection that ignores the signal does not hold up the response.
  const response = await Promise.race([ask(execution, fetch, variables), execution.aborted]);
  execution.hasPlainTexts &&= response?.hasPlainTexts === true;
  return readAnswer(response);
}

/** Asks a subgraph; what was asked before in the same query is not asked again. */
function ask(execution: Execution, fetch: FetchNode, variables: DataObject): Promise<SubgraphResponse> {
  const { connections, context, reads } = execution;
  const { subgraph, document, operationName, operationKind } = fetch;
  const connection = connections.get(subgraph);
  if (!connection) throw new Error(`There is no connection to the subgraph "${subgraph}".`);
  context.signal.throwIfAborted();
  if (!reads) return connection({ document, operationName, operationKind, variables, context });
  const variablesText = JSON.stringify(variables);
  const key = `${subgraph}\n${document}\n${variablesText}`;
  const known = reads.get(key);
  if (known) return known;
  const request = { document, operationName, operationKind, variables, context, isShareable: true, variablesText };
  const response = connection(request);
  reads.set(key, response);
  return response;
}

function noteFailure(execution: Execution, fetch: FetchNode, targets: readonly DataObject[], cause: unknown): void {
  const { context, failures, onSubgraphFailure } = execution;
  const code = context.signal.aborted ? 'DEADLINE_EXCEEDED' : 'SUBGRAPH_UNAVAILABLE';
  const failure = createSubgraphFailure(code, fetch.subgraph);
  failures.push(failure);
  for (const target of targets) noteAbsence(execution, target, fetch, failure);
  onSubgraphFailure({ app: fetch.subgraph, context, cause });
}
