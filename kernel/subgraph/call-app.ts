import { PanoramaError } from '../errors/panorama-error.ts';
import type { SubgraphRequest, SubgraphResponse } from './connection.ts';

/**
 * Asks another app of the platform in the name of the request's principal. The other app checks that principal as it does
 * for a client; it also answers fields that the graph does not show. Rejects with `SUBGRAPH_UNAVAILABLE` for an app that
 * is not there.
 */
export type CallApp = (app: string, request: SubgraphRequest) => Promise<SubgraphResponse>;

/** How an app reaches others where there are none. */
export const absentApps: CallApp = async (app) => {
  throw new PanoramaError('SUBGRAPH_UNAVAILABLE', `The app "${app}" cannot be reached from here.`, { app });
};
