import { getOperationAST, getVariableValues, parse } from 'graphql';
import {
  executeOperation,
  type LaterAnswer,
  type OperationResult,
} from '../../../gateway/execute/execute-operation.ts';
import { planOperation } from '../../../gateway/plan/plan-operation.ts';
import type { Connection } from '../../../kernel/subgraph/connection.ts';
import { anonymousContext, type TestEngine } from './engine.ts';
import type { AnswerPiece } from './read-parts.ts';

export interface PartsRun {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly connections: ReadonlyMap<string, Connection>;
  readonly signal?: AbortSignal;
}

/** Runs a valid operation for a client that takes an answer in parts. */
export function runInParts(
  { supergraph }: TestEngine,
  source: string,
  { variables = {}, connections, signal = anonymousContext.signal }: PartsRun,
): Promise<OperationResult> {
  const document = parse(source);
  const definitions = getOperationAST(document)?.variableDefinitions ?? [];
  const { coerced = {} } = getVariableValues(supergraph.apiSchema, definitions, variables);
  const plan = planOperation(supergraph, document, undefined, new Set(), true);
  return executeOperation({
    plan,
    supergraph,
    variables: coerced,
    connections,
    context: { ...anonymousContext, signal },
  });
}

/** All pieces of an answer, as a client reads them. */
export async function piecesOf({ data, errors, later }: OperationResult): Promise<readonly AnswerPiece[]> {
  const pieces = [plain({ data, errors, hasNext: later !== undefined })];
  for await (const piece of later ?? []) pieces.push(pieceOf(piece));
  return pieces;
}

export function pieceOf({ parts, hasNext }: LaterAnswer): AnswerPiece {
  return plain({ incremental: parts, hasNext });
}

function plain(value: unknown): AnswerPiece {
  return JSON.parse(JSON.stringify(value)) as AnswerPiece;
}
