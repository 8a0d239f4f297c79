import { OperationFailed } from './failure.ts';

/** Who the client is to the server. One of `key` and `token`, or neither where the endpoint serves anybody. */
export interface Credentials {
  /** An API key. */
  readonly key?: string | undefined;
  /**
   * A JWT, or what gives one; asked for every request and every connection, so it may be renewed meanwhile. It is given
   * the token that the server has just refused, if any: whoever keeps tokens knows by it that this one is over.
   */
  readonly token?: string | ((refused?: string) => string | Promise<string>) | undefined;
  /** The app that calls are made as. */
  readonly app?: string | undefined;
}

/**
 * The headers of a request; on a WebSocket the same names are the payload of `connection_init`.
 *
 * @param refused The token that was refused, if one was.
 * @throws {OperationFailed} `NO_TOKEN` when there is none to be had
 */
export async function credentialHeaders(
  { key, token, app }: Credentials,
  refused?: string,
): Promise<Readonly<Record<string, string>>> {
  const bearer = typeof token === 'function' ? await askFor(token, refused) : token;
  return {
    ...(key !== undefined && { 'x-tenant-key': key }),
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(app !== undefined && { 'x-source-app': app }),
  };
}

/** The token that headers hold. */
export function tokenIn({ authorization }: Readonly<Record<string, string>>): string | undefined {
  return authorization?.slice('Bearer '.length);
}

/** Whether others may be had in the place of credentials that are refused. */
export function isRenewable({ token }: Credentials): boolean {
  return typeof token === 'function';
}

async function askFor(token: (refused?: string) => string | Promise<string>, refused?: string): Promise<string> {
  try {
    return await token(refused);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OperationFailed(`There is no token: ${reason}`, { code: 'NO_TOKEN', cause });
  }
}
