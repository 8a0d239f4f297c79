/**
 * A random UUID (RFC 9562, version 4). Made of random bytes, because browsers offer `randomUUID` to pages of a secure
 * origin only.
 */
export function uniqueId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [8, 12, 16, 20, 32].map((end, part, ends) => digits.slice(part === 0 ? 0 : ends[part - 1], end)).join('-');
}
