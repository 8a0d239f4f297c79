import type { Client } from './client.ts';
import { OperationFailed } from './failure.ts';

/** An operation as other client libraries hand it on. */
export interface HandedOperation {
  readonly kind: string;
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** See `SubscribeOptions.resumeAs`. */
  readonly resumeAs?: string | undefined;
}

/** Who is told, in the manner of an observable. */
export interface Observer {
  next(result: object): void;
  error(error: unknown): void;
  complete(): void;
}

/** Runs any operation; a subscription as long as it is not unsubscribed. The cursor of an event is in its `extensions`. */
export function observe(client: Client, operation: HandedOperation, observer: Observer): { unsubscribe(): void } {
  const leaving = new AbortController();
  run(client, operation, leaving.signal, (result) => {
    if (!leaving.signal.aborted) observer.next(result);
  }).then(
    () => {
      if (!leaving.signal.aborted) observer.complete();
    },
    (error: unknown) => {
      if (leaving.signal.aborted) return;
      // Errors of the server are a result to these libraries; that there is no answer is an error.
      if (!(error instanceof OperationFailed) || error.errors.length === 0) return observer.error(error);
      observer.next({ data: null, errors: error.errors });
      observer.complete();
    },
  );
  return { unsubscribe: () => leaving.abort() };
}

async function run(
  client: Client,
  { kind, text, variables, resumeAs }: HandedOperation,
  signal: AbortSignal,
  next: (result: object) => void,
): Promise<void> {
  if (kind !== 'subscription') {
    const { data, errors } = await (kind === 'mutation' ? client.mutate : client.query)(text, variables, { signal });
    return next({ data, ...(errors.length > 0 && { errors }) });
  }
  const { after, ...rest } = variables;
  const options = { signal, resumeAs, after: typeof after === 'string' ? after : undefined };
  for await (const { data, errors, cursor } of client.subscribe(text, rest, options)) {
    next({ data, ...(errors.length > 0 && { errors }), ...(cursor !== undefined && { extensions: { cursor } }) });
  }
}
