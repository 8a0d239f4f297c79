import { randomFillSync } from 'node:crypto';
import type { EntityId } from '../tenancy/ids.ts';

const idBytes = 16;
/** Random bytes are drawn for many ids at once: to ask for those of one costs more than all the rest. */
const drawn = Buffer.alloc(idBytes * 256);
let used = drawn.length;

function drawId(): Buffer {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += idBytes;
  return drawn.subarray(used - idBytes, used);
}

/**
 * A new record id: UUID version 7 (RFC 9562, 5.7), so that ids made later sort later and indexes grow at their end.
 * 48 bits of Unix time in milliseconds, then version, variant and 74 random bits.
 */
export function newEntityId(): EntityId {
  const bytes = drawId();
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as EntityId;
}
