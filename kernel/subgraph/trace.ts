import { type ITrace, Trace } from '@apollo/usage-reporting-protobuf';
import {
  defaultFieldResolver,
  type GraphQLError,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';

type Path = GraphQLResolveInfo['path'];
type TraceNode = Omit<Trace.INode, 'child' | 'error'> & { readonly child: TraceNode[]; readonly error: Trace.IError[] };

/** One execution of a schema that was made traceable, under measurement. */
export interface RunningTrace {
  /** The root value of the execution: the resolvers find the measurement in it. */
  readonly rootValue: object;
  /** The trace as `extensions.ftv1` has it: a `Trace` of Apollo's reports.proto, in base64. Errors have no words in it. */
  finish(errors: readonly GraphQLError[]): string;
}

const measurement = Symbol('measurement');

/** Notes the start of a field and gives the function that notes its end. */
type Measure = (info: GraphQLResolveInfo) => () => void;

type Measured = { readonly [measurement]: Measure };

/** Makes every field of a schema measured, in executions that `startTrace` began. The schema is changed. */
export function makeTraceable(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve = defaultFieldResolver } = field;
      field.resolve = async (source, args, context, info) => {
        const end = (info.rootValue as Measured)[measurement](info);
        try {
          return await resolve(source, args, context, info);
        } finally {
          end();
        }
      };
    }
  }
  return schema;
}

/** Starts the trace of one execution. Times of fields are nanoseconds since now. */
export function startTrace(): RunningTrace {
  const startTime = timestamp();
  const began = process.hrtime.bigint();
  const elapsedNs = () => Number(process.hrtime.bigint() - began);
  const root = createNode({});
  const nodes = new Map<Path, TraceNode>();

  /** The node of a response path; those above it are made with it. */
  function nodeAt(path: Path | undefined): TraceNode {
    if (path === undefined) return root;
    const known = nodes.get(path);
    if (known) return known;
    const node = createNode(placeOf(path.key));
    nodes.set(path, node);
    nodeAt(path.prev).child.push(node);
    return node;
  }

  const measure: Measure = ({ path, fieldName, parentType, returnType }) => {
    const node = nodeAt(path);
    node.type = returnType.toString();
    node.parentType = parentType.name;
    if (path.key !== fieldName) node.originalFieldName = fieldName;
    node.startTime = elapsedNs();
    return () => {
      node.endTime = elapsedNs();
    };
  };

  return {
    rootValue: { [measurement]: measure } satisfies Measured,
    finish(errors) {
      for (const { path, locations } of errors) {
        findNode(root, path ?? []).error.push({ message: '<masked>', location: [...(locations ?? [])] });
      }
      const trace: ITrace = { startTime, endTime: timestamp(), durationNs: elapsedNs(), root, fieldExecutionWeight: 1 };
      return Buffer.from(Trace.encode(trace).finish()).toString('base64');
    },
  };
}

function createNode(place: Pick<TraceNode, 'index' | 'responseName'>): TraceNode {
  return { ...place, child: [], error: [] };
}

function placeOf(key: string | number) {
  return typeof key === 'number' ? { index: key } : { responseName: key };
}

/** The node of an error, or the last one on the way there: an item of a list has none when no field of it ran. */
function findNode(root: TraceNode, path: readonly (string | number)[]): TraceNode {
  let node = root;
  for (const key of path) {
    const next = node.child.find((child) => key === (typeof key === 'number' ? child.index : child.responseName));
    if (!next) return node;
    node = next;
  }
  return node;
}

function timestamp() {
  const now = Date.now();
  return { seconds: Math.floor(now / 1_000), nanos: (now % 1_000) * 1_000_000 };
}
