import { type DocumentNode, getNamedType, isAbstractType, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { meets } from '../../kernel/permissions/need.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { OperationPlan } from '../plan/plan-operation.ts';
import { findRefusedRoot, type Verdict } from '../plan/refuse-fields.ts';
import type { SchemaNeed } from '../supergraph/needs.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { accessError } from './access-error.ts';
import type { Access } from './authenticate.ts';
import { unauthenticated } from './unauthenticated.ts';

/**
 * What of the needs of a valid document a principal does not meet; undefined when it may have all of it. It depends on
 * nothing else, so a stream that lives on can ask again, and goes on as it is while the key of the verdict stays.
 *
 * The needs of a document are found once, and weighed once for each principal.
 */
export function verdictOn(
  supergraph: Supergraph,
  document: DocumentNode,
  principal: Principal | undefined,
): Verdict | undefined {
  const { types, fields } = supergraph.needs;
  if (types.size === 0 && fields.size === 0) return undefined;
  const { needs, verdicts } = documentNeeds(supergraph, document);
  if (needs.length === 0) return undefined;
  const known = verdicts.get(principal ?? nobody);
  if (known !== undefined) return known ?? undefined;
  const verdict = weigh(needs, principal);
  verdicts.set(principal ?? nobody, verdict ?? null);
  return verdict;
}

/** Stands for callers without a principal. */
const nobody = {};

interface DocumentNeeds {
  readonly supergraph: Supergraph;
  /** Of everything that any operation of the document may come to. */
  readonly needs: readonly SchemaNeed[];
  /** By principal; null for one that meets all of them. */
  readonly verdicts: WeakMap<object, Verdict | null>;
}

/** Documents are told apart by identity: the door keeps one parsed document for one text. */
const knownDocuments = new WeakMap<DocumentNode, DocumentNeeds>();

function documentNeeds(supergraph: Supergraph, document: DocumentNode): DocumentNeeds {
  const known = knownDocuments.get(document);
  if (known?.supergraph === supergraph) return known;
  const found = { supergraph, needs: findNeeds(supergraph, document), verdicts: new WeakMap() };
  knownDocuments.set(document, found);
  return found;
}

function weigh(needs: readonly SchemaNeed[], principal: Principal | undefined): Verdict | undefined {
  const unmet = needs.filter(({ need }) => need === undefined || !meets(principal, need));
  return unmet.length > 0 ? { key: unmet.map(({ number }) => number).join(), unmet: new Set(unmet) } : undefined;
}

function findNeeds({ apiSchema, needs }: Supergraph, document: DocumentNode): readonly SchemaNeed[] {
  const found = new Set<SchemaNeed>();
  const add = (some: readonly SchemaNeed[] = []) => {
    for (const need of some) found.add(need);
  };
  const typeInfo = new TypeInfo(apiSchema);
  const visitor = visitWithTypeInfo(typeInfo, {
    Field({ name }) {
      const parent = typeInfo.getParentType();
      const possible = isAbstractType(parent) ? apiSchema.getPossibleTypes(parent) : [];
      for (const type of parent ? [parent, ...possible] : []) {
        const judged = [type.name, ...(needs.undivided.get(type.name) ?? [])];
        for (const typeName of judged) add(needs.fields.get(`${typeName}.${name.value}`));
      }
      const returned = getNamedType(typeInfo.getType());
      // Whatever else it takes to see the types of an abstract type, those that it can be of are known here only.
      if (!isAbstractType(returned)) return;
      const returnable = apiSchema.getPossibleTypes(returned).flatMap((type) => needs.undivided.get(type.name) ?? []);
      for (const typeName of [returned.name, ...returnable]) add(needs.types.get(typeName));
    },
  });
  visit(document, visitor);
  return [...found].sort((one, other) => one.number - other.number);
}

/**
 * Refuses an operation that reaches for data without a principal where one is needed; without data it only reads the
 * schema, which is another gate's to decide.
 */
export function authorizeOperation(access: Access, principal: Principal | undefined, plan: OperationPlan): void {
  const needsPrincipal = access.kind === 'authenticated' && !access.admitsAnonymous;
  const asksData = plan.node !== undefined || plan.shape.fields.some(({ kind }) => kind === 'Refused');
  if (needsPrincipal && principal === undefined && asksData) throw unauthenticated();
}

/**
 * Refuses a mutation or a subscription of which a root field is refused, or may turn out to be null because of something
 * refused below it: it does not begin. Of a query only what is refused is left out.
 *
 * @param variables Coerced.
 */
export function refuseUnlessWhole(
  { operationKind, shape }: OperationPlan,
  principal: Principal | undefined,
  variables: Readonly<Record<string, unknown>>,
): void {
  const refused = operationKind === 'query' ? undefined : findRefusedRoot(shape, variables);
  if (refused) throw accessError(refused, principal);
}
