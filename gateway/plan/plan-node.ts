/**
 * What is fetched, from which subgraph and in which order: frozen data that can be printed, cached and costed.
 * The kinds are those of Apollo's query plans.
 */
export type PlanNode =
  | FetchNode
  | FlattenNode
  | SequenceNode
  | ParallelNode
  | ConditionNode
  | DeferNode
  | SubscriptionNode;

/** Each node after the one before it. */
export interface SequenceNode {
  readonly kind: 'Sequence';
  readonly nodes: readonly PlanNode[];
}

/** All nodes at once. */
export interface ParallelNode {
  readonly kind: 'Parallel';
  readonly nodes: readonly PlanNode[];
}

/** The node below works on the objects at `path`, which starts where the node above works. */
export interface FlattenNode {
  readonly kind: 'Flatten';
  /** Response names; `@` stands for every item of a list. */
  readonly path: readonly string[];
  readonly node: PlanNode;
}

/** One of two branches, by the value of a Boolean variable. */
export interface ConditionNode {
  readonly kind: 'Condition';
  readonly variable: string;
  readonly ifClause: PlanNode | undefined;
  readonly elseClause: PlanNode | undefined;
}

/** What the first part of an answer needs, and what later parts need beyond that. */
export interface DeferNode {
  readonly kind: 'Defer';
  readonly primary: PlanNode | undefined;
  readonly blocks: readonly DeferredBlock[];
}

/** What is fetched for one deferred part of an answer. */
export interface DeferredBlock {
  /** The number of the part. */
  readonly part: number;
  /** The ids of the fetches that bring the objects it works on. */
  readonly depends: readonly string[];
  /** Undefined when other fetches bring all of it. */
  readonly node: PlanNode | undefined;
}

/** A stream of answers of one subgraph, and what is fetched for each of them. */
export interface SubscriptionNode {
  readonly kind: 'Subscription';
  readonly primary: FetchNode;
  readonly rest: PlanNode | undefined;
}

/** One operation sent to one subgraph. */
export interface FetchNode {
  readonly kind: 'Fetch';
  /** Set where a deferred block depends on it. */
  readonly id: string | undefined;
  readonly subgraph: string;
  readonly document: string;
  readonly operationName: string | undefined;
  readonly operationKind: 'query' | 'mutation' | 'subscription';
  /** The client's variables that the operation uses. */
  readonly variableNames: readonly string[];
  /** The response names that it brings to the objects it works on: what is missing there if it fails. */
  readonly responseNames: ReadonlySet<string>;
  /** For an entity fetch: what of an object is sent to the subgraph as its representation. */
  readonly requires: readonly RequiredSelection[] | undefined;
  /** For an entity fetch: variables whose values are not the client's, but stand in objects above the entity. */
  readonly contexts: readonly ContextArgument[];
  /** Changes to a representation before it is sent. */
  readonly inputRewrites: readonly Rewrite[];
  /** Changes to an answer before it is merged. */
  readonly outputRewrites: readonly Rewrite[];
}

/** Where the value of a variable stands (`@fromContext`). Of several for one variable, the first that is there holds. */
export interface ContextArgument {
  readonly variable: string;
  /** How many objects above the entity the value's object is: 1 for the one that holds it. */
  readonly levels: number;
  readonly path: readonly RewriteStep[];
}

export type RequiredSelection = RequiredField | RequiredFragment;

export interface RequiredField {
  readonly kind: 'Field';
  readonly responseName: string;
  readonly selections: readonly RequiredSelection[] | undefined;
}

export interface RequiredFragment {
  readonly kind: 'InlineFragment';
  /** The object and interface types that fulfil the type condition. */
  readonly typeNames: ReadonlySet<string>;
  readonly selections: readonly RequiredSelection[];
}

/** Sets or renames one key of every object at `path`. */
export type Rewrite = ValueSetter | KeyRenamer;

export interface ValueSetter {
  readonly kind: 'ValueSetter';
  readonly path: readonly RewriteStep[];
  readonly key: string;
  readonly value: unknown;
}

export interface KeyRenamer {
  readonly kind: 'KeyRenamer';
  readonly path: readonly RewriteStep[];
  readonly key: string;
  readonly newKey: string;
}

/** A step goes to a field's value, or stays and goes on only for objects of some types. Lists are entered silently. */
export type RewriteStep =
  | { readonly kind: 'Field'; readonly responseName: string }
  | { readonly kind: 'InlineFragment'; readonly typeNames: ReadonlySet<string> };
