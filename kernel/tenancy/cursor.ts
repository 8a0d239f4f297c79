import { createHmac, timingSafeEqual } from 'node:crypto';
import { PanoramaError } from '../errors/panorama-error.ts';
import type { TenantId } from './ids.ts';

/** A position in an ordered list: the ordering it belongs to, then the values that the ordering compares. */
export interface ListPosition {
  /** Names the list and its ordering (`crm.leads:createdAt:DESC`); a cursor of another one is refused. */
  readonly ordering: string;
  readonly key: string | number | null;
  readonly id: string;
}

/** Makes and reads the cursors of one tenant. */
export interface Cursors {
  encode(position: ListPosition): string;
  decode(text: string, ordering: string): ListPosition;
}

const macBytes = 12;

function invalid(): PanoramaError {
  return new PanoramaError('CURSOR_INVALID', 'This cursor does not belong to this list. Start again without a cursor.');
}

/**
 * Cursors are `base64url(mac | JSON)`, where the MAC is HMAC-SHA256 over tenant and payload, cut to 96 bits: a cursor
 * tells a position and nothing else, and one of another tenant or another list reads as `CURSOR_INVALID`.
 */
export function createCursors(secret: string, tenantId: TenantId): Cursors {
  const sign = (payload: string) =>
    createHmac('sha256', secret).update(`list-cursor\0${tenantId}\0${payload}`).digest().subarray(0, macBytes);

  function encode({ ordering, key, id }: ListPosition): string {
    const payload = JSON.stringify([ordering, key, id]);
    return Buffer.concat([sign(payload), Buffer.from(payload)]).toString('base64url');
  }

  function decode(text: string, ordering: string): ListPosition {
    const bytes = Buffer.from(text, 'base64url');
    const payload = bytes.subarray(macBytes).toString();
    if (bytes.length <= macBytes || !timingSafeEqual(bytes.subarray(0, macBytes), sign(payload))) throw invalid();
    const [made, key, id] = JSON.parse(payload) as [string, string | number | null, string];
    if (made !== ordering) throw invalid();
    return { ordering, key, id };
  }

  return { encode, decode };
}
