import { AlreadyWritten, type MutationRun } from '../audit/mutation-run.ts';
import type { PrismaClientLike, TenantTransaction } from '../data/tenant-database.ts';
import { PanoramaError } from '../errors/panorama-error.ts';
import { deriveKey } from '../tenancy/derive-key.ts';
import type { Principal } from '../tenancy/principal.ts';
import type { IdempotentRequest } from '../tenancy/subgraph-token.ts';
import { requestHolder } from './request-holder.ts';
import { openResult, sealResult } from './sealed-result.ts';

/** A field of a mutation whose request has an idempotency key. */
export interface OnceWritten {
  readonly request: IdempotentRequest;
  readonly principal: Pick<Principal, 'userId' | 'credentialId'>;
  readonly app: string;
  /** As the client calls the field in its document: each of several has results of its own. */
  readonly field: string;
  /** The platform's; results are sealed by a key derived from it. */
  readonly secret: string;
}

/** One write of a request, in the order of its columns. */
type Place = readonly [holder: string, key: string, app: string, field: string];

/**
 * Makes the writes of a mutation happen once: what a write came to is kept in its own transaction, and given back when the
 * request comes again. A repetition that comes while the first is under way waits for it. What was refused wrote nothing,
 * and is tried anew. A key that stands for another request is refused with `IDEMPOTENCY_MISMATCH`.
 */
export function writeOnce<Client extends PrismaClientLike>(
  run: MutationRun<Client>,
  { request, principal, app, field, secret }: OnceWritten,
): MutationRun<Client> {
  const key = deriveKey(secret, 'stored-result');
  let writes = 0;
  return {
    write(work) {
      writes += 1;
      // A mutation that writes twice comes to its second write again only behind its first.
      const place: Place = [requestHolder(principal), request.key, app, `${field} ${writes}`];
      return run.write(async (tx, publish) => {
        const known = await findResult(tx, place, request.digest);
        if (known !== undefined) throw new AlreadyWritten(openResult(key, placeText(tx, place), known));
        const done = await work(tx, publish);
        await keepResult(tx, place, request.digest, sealResult(key, placeText(tx, place), done.value));
        return done;
      });
    },
  };
}

function placeText<Client extends PrismaClientLike>({ tenantId }: TenantTransaction<Client>, place: Place): string {
  return JSON.stringify([tenantId, ...place]);
}

async function findResult<Client extends PrismaClientLike>(
  tx: TenantTransaction<Client>,
  place: Place,
  digest: string,
): Promise<string | undefined> {
  const [known] = await tx.rows<{ readonly digest: string; readonly result: string | null }>({
    text: 'SELECT digest, result FROM platform.begin_request($1, $2, $3, $4)',
    values: [...place],
  });
  if (!known) return undefined;
  if (known.digest === digest) return known.result ?? undefined;
  throw new PanoramaError('IDEMPOTENCY_MISMATCH', 'This idempotency key was used for another request.');
}

async function keepResult<Client extends PrismaClientLike>(
  tx: TenantTransaction<Client>,
  place: Place,
  digest: string,
  result: string,
): Promise<void> {
  await tx.rows({
    text: `WITH request AS (
        INSERT INTO platform.idempotency_keys (tenant_id, holder, key, digest) VALUES ($1, $2, $3, $6)
        ON CONFLICT DO NOTHING)
      INSERT INTO platform.idempotent_results (tenant_id, holder, key, app, field, result)
      VALUES ($1, $2, $3, $4, $5, $7)`,
    values: [tx.tenantId, ...place, digest, result],
  });
}
