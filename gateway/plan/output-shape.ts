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
}

export type CollectedField = DataField | TypenameField | IntrospectionField;

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

/** `@include(if: $variable)` wants true, `@skip(if: $variable)` wants false. */
export interface VariableCondition {
  readonly variable: string;
  readonly wanted: boolean;
}
