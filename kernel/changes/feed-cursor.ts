import { createHmac, timingSafeEqual } from 'node:crypto';
import { PanoramaError } from '../errors/panorama-error.ts';
import { deriveKey } from '../tenancy/derive-key.ts';
import type { TenantId } from '../tenancy/ids.ts';
import type { LogPosition } from './change.ts';

/** Makes and reads the cursors of the change log: the same on every instance that has the platform's secret. */
export interface FeedCursors {
  encode(tenantId: TenantId, position: LogPosition): string;
  /** Throws CURSOR_INVALID for everything but a cursor of this tenant. */
  decode(tenantId: TenantId, text: string): LogPosition;
}

const version = 1;
const epochBytes = 16;
const payloadBytes = 1 + epochBytes + 8;
const macBytes = 16;
const textLength = Math.ceil(((payloadBytes + macBytes) * 4) / 3);
const hyphens = [8, 12, 16, 20];

function invalid(): PanoramaError {
  return new PanoramaError('CURSOR_INVALID', 'This is no cursor of the feed. Start again without a cursor.');
}

function toUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [0, ...hyphens].map((start, index) => hex.slice(start, hyphens[index])).join('-');
}

/**
 * A cursor is `base64url(version | epoch | number | MAC)`: a byte, 16 bytes of the epoch, 8 of the number, and HMAC-SHA256
 * over these and the tenant, cut to 128 bits. It tells a position and allows nothing.
 */
export function createFeedCursors(secret: string): FeedCursors {
  const key = deriveKey(secret, 'feed-cursor');
  const sign = (tenantId: TenantId, payload: Buffer) =>
    createHmac('sha256', key).update(payload).update(tenantId).digest().subarray(0, macBytes);

  return {
    encode(tenantId, { epoch, seq }) {
      const bytes = Buffer.alloc(payloadBytes + macBytes);
      bytes.writeUInt8(version);
      bytes.write(epoch.replaceAll('-', ''), 1, 'hex');
      bytes.writeBigUInt64BE(BigInt(seq), 1 + epochBytes);
      sign(tenantId, bytes.subarray(0, payloadBytes)).copy(bytes, payloadBytes);
      return bytes.toString('base64url');
    },
    decode(tenantId, text) {
      const bytes = Buffer.from(text, 'base64url');
      // Decoding forgives what is not base64url: of all texts that come to the same bytes, one is the cursor.
      if (text.length !== textLength || bytes.toString('base64url') !== text || bytes[0] !== version) throw invalid();
      const payload = bytes.subarray(0, payloadBytes);
      if (!timingSafeEqual(bytes.subarray(payloadBytes), sign(tenantId, payload))) throw invalid();
      return {
        epoch: toUuid(payload.subarray(1, 1 + epochBytes)),
        seq: Number(payload.readBigUInt64BE(1 + epochBytes)),
      };
    },
  };
}
