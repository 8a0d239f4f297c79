import { LRUCache } from 'lru-cache';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import { type TenantKey, tenantKey } from '../../kernel/tenancy/scope.ts';

/** What clients have registered themselves, to send only its hash from then on. */
export interface AutomaticDocuments {
  textOf(principal: Principal | undefined, hash: string): string | undefined;
  keep(principal: Principal | undefined, hash: string, text: string): void;
}

/**
 * Keeps registered documents in memory, the least used ones go first. Every tenant has its own: none can find out what
 * another sends, or fill in a hash for it.
 *
 * @param maxBytes Of all tenants together.
 */
export function createAutomaticDocuments(maxBytes: number): AutomaticDocuments {
  const texts = new LRUCache<TenantKey, string>({
    maxSize: maxBytes,
    sizeCalculation: (text, key) => 2 * (text.length + key.length),
  });
  return {
    textOf: (principal, hash) => texts.get(tenantKey(principal?.tenantId, hash)),
    keep: (principal, hash, text) => void texts.set(tenantKey(principal?.tenantId, hash), text),
  };
}
