/** Who the client is to the server. One of `key` and `token`, or neither where the endpoint serves anybody. */
export interface Credentials {
  /** An API key. */
  readonly key?: string | undefined;
  /** A JWT, or what gives one; asked anew for every request and every connection, so it may be renewed meanwhile. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** The app that calls are made as. */
  readonly app?: string | undefined;
}

/** The headers of a request; on a WebSocket the same names are the payload of `connection_init`. */
export async function credentialHeaders({ key, token, app }: Credentials): Promise<Record<string, string>> {
  const bearer = typeof token === 'function' ? await token() : token;
  return {
    ...(key !== undefined && { 'x-tenant-key': key }),
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(app !== undefined && { 'x-source-app': app }),
  };
}
