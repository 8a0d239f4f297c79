import { connectHttp } from '../gateway/connections/http.ts';
import type { Settings } from '../kernel/config/settings.ts';
import { PanoramaError } from '../kernel/errors/panorama-error.ts';
import { absentApps, type CallApp } from '../kernel/subgraph/call-app.ts';
import { createCallSigner, subgraphTokenHeader } from '../kernel/tenancy/subgraph-token.ts';

const callTimeoutMs = 10_000;
const maxAnswerBytes = 16 * 1024 * 1024;

/** How an app that is a process of its own reaches others: where the settings say that they are. */
export function reachServedApps(apps: Settings['apps'], secret: string): CallApp {
  const connections = new Map(
    Object.entries(apps).map(([name, { url }]) => {
      const sign = createCallSigner(secret, name);
      const connection = connectHttp({
        url,
        timeoutMs: callTimeoutMs,
        maxBodyBytes: maxAnswerBytes,
        headers: ({ context }, body) => ({
          'x-correlation-id': context.correlationId,
          [subgraphTokenHeader]: sign({ ...context, body }),
        }),
      });
      return [name, connection];
    }),
  );
  return async (name, request) => {
    const connection = connections.get(name);
    if (!connection) return await absentApps(name, request);
    return await connection(request).catch((cause: Error) => {
      const message = `The app "${name}" did not answer.`;
      throw new PanoramaError('SUBGRAPH_UNAVAILABLE', message, { app: name }, { originalError: cause });
    });
  };
}
