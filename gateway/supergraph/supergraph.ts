import { createHash } from 'node:crypto';
import { Supergraph as FederationSupergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { type DocumentNode, type GraphQLSchema, parse, visit } from 'graphql';
import { dropUnresolvableKeys } from './drop-unresolvable-keys.ts';
import { stringOf } from './join-directives.ts';
import { type Requirements, requirementsOf } from './requirements.ts';
import { setApart } from './set-apart.ts';
import { addStandIns, type StandIns } from './stand-ins.ts';
import { unlinkExecutableDirectives } from './unlink-executable-directives.ts';

/** A subgraph as the supergraph names it. */
export interface SubgraphEntry {
  readonly name: string;
  readonly url: string;
}

/** A planner that knows some subgraphs under several names. */
export interface ApartPlanner {
  readonly planner: QueryPlanner;
  /** The true names by the others. */
  readonly subgraphNames: ReadonlyMap<string, string>;
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
  /** A second planner, for operations that the first gets wrong; see `setApart`. Made when it is first needed. */
  readonly apartPlanner: () => ApartPlanner;
  readonly standIns: StandIns;
  /** As the planner knows them. */
  readonly requirements: Requirements;
  /** The labels of progressive overrides. */
  readonly overrideLabels: ReadonlySet<string>;
  readonly subgraphs: ReadonlyMap<string, SubgraphEntry>;
}

/**
 * Loads a supergraph SDL, as composition made it (Federation 1 or 2). Throws when the SDL is not a valid supergraph.
 *
 * Features for SECURITY or EXECUTION are accepted: enforcing them is the admission's part, not the loader's.
 */
export function loadSupergraph(sdl: string): Supergraph {
  const source = unlinkExecutableDirectives(dropUnresolvableKeys(parse(sdl, { noLocation: true })));
  const federation = FederationSupergraph.build(source, { supportedFeatures: null });
  const { document, standIns } = addStandIns(source);
  const requirements = requirementsOf(document);
  // The rules for supergraphs, which stand-ins do not keep, are tested on the supergraph without them.
  federation.subgraphs();
  let apart: ApartPlanner | undefined;
  return Object.freeze({
    id: createHash('sha256').update(sdl).digest('hex'),
    sdl,
    apiSchema: federation.apiSchema().toGraphQLJSSchema(),
    planner: standIns.fields.size === 0 ? createPlanner(federation) : createPlanner(buildUnchecked(document)),
    apartPlanner: () => {
      apart ??= createApartPlanner(document, requirements);
      return apart;
    },
    standIns,
    requirements,
    overrideLabels: overrideLabelsOf(source),
    subgraphs: new Map(federation.subgraphsMetadata().map(({ name, url }) => [name, Object.freeze({ name, url })])),
  });
}

function createPlanner(federation: FederationSupergraph): QueryPlanner {
  return new QueryPlanner(federation, { exposeDocumentNodeInFetchNode: true });
}

function createApartPlanner(document: DocumentNode, requirements: Requirements): ApartPlanner {
  const apart = setApart(document, requirements);
  return { planner: createPlanner(buildUnchecked(apart.document)), subgraphNames: apart.subgraphNames };
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
