/** What the public benchmark sets for Hive Gateway and its defaults leave off: equal queries in flight share one execution. */
export const gatewayConfig = { inboundInflightRequestDeduplication: true };
