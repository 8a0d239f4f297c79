import { createHash } from 'node:crypto';
import { Supergraph as FederationSupergraph } from '@apollo/federation-internals';
import type { QueryPlanner } from '@apollo/query-planner';
import { type DocumentNode, type GraphQLSchema, parse, visit } from 'graphql';
import { type AbstractMembers, abstractMembersOf } from './abstract-members.ts';
import { createPlanner } from './bounded-planner.ts';
import { completeMembers } from './complete-members.ts';
import { dropUnresolvableKeys } from './drop-unresolvable-keys.ts';
import { hideLabelled } from './hide-labelled.ts';
import { stringOf } from './join-directives.ts';
import { refuseUnknownSecurity } from './linked-directives.ts';
import { needsOf, type SupergraphNeeds } from './needs.ts';
import { type Requirements, requirementsOf } from './requirements.ts';
import { addStandIns, type StandIns } from './stand-ins.ts';
import { type StepSupergraph, stepSupergraphOf } from './step-supergraph.ts';
import { type TypedSubgraph, typeInterfaceObjects } from './type-interface-objects.ts';
import { unlinkExecutableDirectives } from './unlink-executable-directives.ts';

/** A subgraph as the supergraph names it. */
export interface SubgraphEntry {
  readonly name: string;
  readonly url: string;
}

/** One loaded version of a supergraph. It never changes; a new version is a new snapshot. */
export interface Supergraph {
  /** SHA-256 of the SDL, in hexadecimal: equal for equal SDL. */
  readonly id: string;
  readonly sdl: string;
  /** What clients see: no federation machinery, no `@inaccessible` element. */
  readonly apiSchema: GraphQLSchema;
  /** It knows the supergraph with the planner's faults mended: without useless keys, with stand-ins. */
  readonly planner: QueryPlanner;
  /** A second planner, for operations that the first gets wrong; see `planSteps`. Made when it is first needed. */
  readonly stepPlanner: () => QueryPlanner;
  /** The supergraph as that planner knows it. Made when it is first needed. */
  readonly steps: () => StepSupergraph;
  /** A third planner, for operations of which the first loses a part; see `completeMembers`. Made when it is first needed. */
  readonly memberPlanner: () => QueryPlanner;
  readonly members: AbstractMembers;
  /** The subgraphs that the planners know besides the true ones; see `typeInterfaceObjects`. */
  readonly typed: ReadonlyMap<string, TypedSubgraph>;
  readonly standIns: StandIns;
  /** As the planner knows them. */
  readonly requirements: Requirements;
  /** What it asks of the principals of operations. */
  readonly needs: SupergraphNeeds;
  /** The labels of progressive overrides. */
  readonly overrideLabels: ReadonlySet<string>;
  readonly subgraphs: ReadonlyMap<string, SubgraphEntry>;
}

/**
 * Loads a supergraph SDL, as composition made it (Federation 1 or 2). Throws when the SDL is not a valid supergraph.
 *
 * Features for EXECUTION are accepted, and those for SECURITY that admission enforces. Throws `SupergraphError` for others.
 */
export function loadSupergraph(sdl: string): Supergraph {
  const written = parse(sdl, { noLocation: true });
  refuseUnknownSecurity(written);
  const source = unlinkExecutableDirectives(dropUnresolvableKeys(written));
  const federation = FederationSupergraph.build(source, { supportedFeatures: null });
  const { document, standIns } = addStandIns(source);
  const requirements = requirementsOf(document);
  const { document: typedDocument, typed } = typeInterfaceObjects(document);
  const plannable = hideLabelled(typedDocument);
  const isMended = standIns.fields.size + typed.size > 0 || plannable !== typedDocument;
  // The rules for supergraphs, which stand-ins do not keep, are tested on the supergraph without them.
  federation.subgraphs();
  let steps: StepSupergraph | undefined;
  const stepsOnce = () => {
    steps ??= stepSupergraphOf(plannable);
    return steps;
  };
  let stepPlanner: QueryPlanner | undefined;
  let memberPlanner: QueryPlanner | undefined;
  return Object.freeze({
    id: createHash('sha256').update(sdl).digest('hex'),
    sdl,
    apiSchema: apiSchemaOf(federation),
    planner: createPlanner(isMended ? buildUnchecked(plannable) : federation),
    stepPlanner: () => {
      stepPlanner ??= createPlanner(buildUnchecked(stepsOnce().document));
      return stepPlanner;
    },
    steps: stepsOnce,
    memberPlanner: () => {
      memberPlanner ??= createPlanner(buildUnchecked(completeMembers(plannable)));
      return memberPlanner;
    },
    members: abstractMembersOf(document),
    typed,
    standIns,
    requirements,
    needs: needsOf(written),
    overrideLabels: overrideLabelsOf(source),
    subgraphs: new Map(federation.subgraphsMetadata().map(({ name, url }) => [name, Object.freeze({ name, url })])),
  });
}

/** With `@defer`, unless the subgraphs have a directive of that name of their own. */
function apiSchemaOf(federation: FederationSupergraph): GraphQLSchema {
  const schema = federation.apiSchema();
  return schema.toGraphQLJSSchema({ includeDefer: !schema.directives().some(({ name }) => name === 'defer') });
}

function buildUnchecked(document: DocumentNode): FederationSupergraph {
  return FederationSupergraph.build(document, { supportedFeatures: null, validateSupergraph: false });
}

function overrideLabelsOf(document: DocumentNode): ReadonlySet<string> {
  const labels = new Set<string>();
  visit(document, {
    Directive(node) {
      const label = node.name.value === 'join__field' ? stringOf(node as never, 'overrideLabel') : undefined;
      if (label !== undefined) labels.add(label);
    },
  });
  return labels;
}
