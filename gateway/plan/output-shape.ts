import type { SchemaNeed } from '../supergraph/needs.ts';

/**
 * What a client asked for, compiled against the API schema: for every object type the fields to answer, in order, and
 * the type of each. `CollectFields` of the GraphQL specification is thereby done once per plan; only `@skip` and
 * `@include` with variables are left for each request.
 */
export type OutputShape = NonNullShape | ListShape | ScalarShape | EnumShape | ObjectShape | AbstractShape;

export interface NonNullShape {
  readonly kind: 'NonNull';
  readonly of: OutputShape;
}

export interface ListShape {
  readonly kind: 'List';
  readonly of: OutputShape;
}

export interface ScalarShape {
  readonly kind: 'Scalar';
  readonly typeName: string;
}

export interface EnumShape {
  readonly kind: 'Enum';
  readonly typeName: string;
  readonly values: ReadonlySet<string>;
}

export interface ObjectShape {
  readonly kind: 'Object';
  readonly typeName: string;
  readonly fields: readonly CollectedField[];
  readonly parts: readonly DeferredPart[];
}

export interface AbstractShape {
  readonly kind: 'Abstract';
  readonly typeName: string;
  /**
   * By the name that an object gives as its `__typename`: an object type, or an interface where only an
   * `@interfaceObject` subgraph was asked.
   */
  readonly shapes: ReadonlyMap<string, RuntimeShape>;
}

/** The fields of one runtime type. */
export interface RuntimeShape {
  /** Undefined for an interface: such an object has no runtime type that could be told to a client. */
  readonly objectTypeName: string | undefined;
  readonly fields: readonly CollectedField[];
  readonly parts: readonly DeferredPart[];
}

/** Fields of an object that are answered later, because of `@defer`. Some of them may also be answered at once. */
export interface DeferredPart {
  /** What the plan knows it by. */
  readonly number: number;
  /** Deferred when it holds; otherwise the fields are among those of the object. */
  readonly guard: Guard;
  readonly fields: readonly CollectedField[];
  /** What is deferred further. */
  readonly parts: readonly DeferredPart[];
}

export type CollectedField = DataField | RefusedField | TypenameField | IntrospectionField;

interface FieldOfAnyKind {
  readonly responseName: string;
  /** Answered when it holds. */
  readonly guard: Guard;
  /**
   * The same response name stands earlier in the list with another guard. Answered only when it was not there: the order
   * of a response follows the places that are included.
   */
  readonly isRepeated: boolean;
}

/** A field that subgraphs answer. */
export interface DataField extends FieldOfAnyKind {
  readonly kind: 'Data';
  /** What the fetches call it: the response name, but for an alias that could be taken for another field. */
  readonly sourceName: string;
  /** `Type.field`, for messages. */
  readonly coordinate: string;
  readonly shape: OutputShape;
}

/** What the principal may not see: it is not fetched, and null stands in its place. */
export interface RefusedField extends FieldOfAnyKind {
  readonly kind: 'Refused';
  /** As in a data field. */
  readonly sourceName: string;
  /** Of the field that it takes more for; undefined when it is for the whole object, whose type is not to be told. */
  readonly coordinate: string | undefined;
  readonly isNonNull: boolean;
  /** What the principal does not meet; never empty. */
  readonly needs: readonly SchemaNeed[];
}

/** `__typename`. */
export interface TypenameField extends FieldOfAnyKind {
  readonly kind: 'Typename';
}

/** `__schema` or `__type`. */
export interface IntrospectionField extends FieldOfAnyKind {
  readonly kind: 'Introspection';
}

/** Conditions that must all hold; an empty guard always holds. */
export type Guard = readonly VariableCondition[];

/** `@include(if: $variable)` and `@defer(if: $variable)` want true, `@skip(if: $variable)` wants false. */
export interface VariableCondition {
  readonly variable: string;
  readonly wanted: boolean;
}
