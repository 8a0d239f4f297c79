import { GraphQLError } from 'graphql';
import type { FetchNode } from '../plan/plan-node.ts';
import type { Execution } from './execution.ts';
import { findPositions } from './find-targets.ts';
import { type DataObject, ownValue, setOwnValue } from './own-values.ts';
import { rewritePath } from './rewrite-data.ts';
import type { SubgraphError } from './subgraph-answer.ts';
import { maxErrorsPerCause, type ResponsePath } from './subgraph-failure.ts';

/** The objects that each entity of an answer stands for, by its index. */
export type EntityTargets = readonly (readonly DataObject[])[];

/** Which of the entities of an answer an error is about; undefined when it is about none of them, or about all. */
export function entityIndexOf({ path }: SubgraphError, entityCount: number): number | undefined {
  const [field, index] = path;
  return field === '_entities' && typeof index === 'number' && index < entityCount ? index : undefined;
}

/**
 * Adds the errors of a subgraph to the response, at every place of the response that they are about: an entity may
 * stand at several. The message and `code` stay as the subgraph gave them; of the other extensions only those on the
 * list of kept ones do.
 *
 * @param entityTargets Undefined when the fetch is for a root type.
 */
export function noteSubgraphErrors(
  execution: Execution,
  fetch: FetchNode,
  flattenPath: readonly string[],
  errors: readonly SubgraphError[],
  entityTargets: EntityTargets | undefined,
): void {
  if (errors.length === 0) return;
  const pathsOf = pathsByTarget(execution, flattenPath);
  let count = 0;
  const listed: { readonly error: SubgraphError; readonly path: ResponsePath }[] = [];
  for (const error of errors) {
    const paths = locate(error, fetch, flattenPath, entityTargets, pathsOf);
    count += paths.length;
    for (const path of paths.slice(0, maxErrorsPerCause - listed.length)) listed.push({ error, path });
  }
  for (const [index, { error, path }] of listed.entries()) {
    const unlisted = index === listed.length - 1 ? count - listed.length : 0;
    execution.errors.push(clientError(execution, fetch.subgraph, error, path, unlisted));
  }
}

type PathsByTarget = ReadonlyMap<DataObject, readonly ResponsePath[]>;

function pathsByTarget(execution: Execution, flattenPath: readonly string[]): PathsByTarget {
  const paths = new Map<DataObject, ResponsePath[]>();
  for (const { target, path } of findPositions(execution, flattenPath)) {
    const known = paths.get(target);
    if (known) known.push(path);
    else paths.set(target, [path]);
  }
  return paths;
}

function locate(
  error: SubgraphError,
  { outputRewrites }: FetchNode,
  flattenPath: readonly string[],
  entityTargets: EntityTargets | undefined,
  pathsOf: PathsByTarget,
): readonly ResponsePath[] {
  const index = entityTargets && entityIndexOf(error, entityTargets.length);
  const targets = entityTargets === undefined ? [...pathsOf.keys()] : entityTargets[index ?? -1];
  const pathInTarget = entityTargets === undefined ? error.path : error.path.slice(2);
  if (targets === undefined || error.path.length === 0) return [commonPath(flattenPath)];
  const rewritten = rewritePath(outputRewrites, pathInTarget);
  return Array.from(new Set(targets)).flatMap((target) =>
    (pathsOf.get(target) ?? []).map((path) => [...path, ...rewritten]),
  );
}

/** The place that holds all objects at a flatten path. */
function commonPath(flattenPath: readonly string[]): ResponsePath {
  const firstList = flattenPath.indexOf('@');
  return firstList === -1 ? flattenPath : flattenPath.slice(0, firstList);
}

function clientError(
  { keptExtensions, clientNames }: Execution,
  app: string,
  { message = `The app "${app}" reported an error.`, extensions }: SubgraphError,
  path: ResponsePath,
  unlisted: number,
): GraphQLError {
  const code = ownValue(extensions, 'code');
  const kept: DataObject = {};
  for (const name of keptExtensions) {
    const value = ownValue(extensions, name);
    if (value !== undefined) setOwnValue(kept, name, value);
  }
  return new GraphQLError(unlisted > 0 ? `${message} (${unlisted} more errors of this app are not listed.)` : message, {
    path: path.length > 0 ? path.map((key) => clientNames.get(String(key)) ?? key) : undefined,
    extensions: { app, ...kept, code: typeof code === 'string' ? code : 'INTERNAL' },
  });
}
