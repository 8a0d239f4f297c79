import { signCalls } from '../gateway/connections/sign-calls.ts';
import type { RunningApp } from '../kernel/subgraph/app.ts';
import { absentApps, type CallApp } from '../kernel/subgraph/call-app.ts';
import { createCallSigner } from '../kernel/tenancy/subgraph-token.ts';

/** How apps of one process reach each other: as the gateway reaches them. The list may grow until the first call. */
export function reachApps(running: readonly RunningApp[], secret: string): CallApp {
  return (name, request) => {
    const app = running.find((one) => one.name === name);
    return app ? signCalls(app.execute, createCallSigner(secret, name))(request) : absentApps(name, request);
  };
}
