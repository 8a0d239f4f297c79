import { dirname, resolve } from 'node:path';
import { noRateLimits } from '../gateway/admission/rate-limit.ts';
import { createDocumentValidator } from '../gateway/admission/validate-document.ts';
import { auditAccess } from '../gateway/connections/audit-access.ts';
import { connectSubgraphs, type SubgraphOptions } from '../gateway/connections/connect-subgraphs.ts';
import { connectSubscriptions } from '../gateway/connections/connect-subscriptions.ts';
import { createGateway, createGatewayPlans, type GatewayOptions } from '../gateway/index.ts';
import type { PlanCache } from '../gateway/plan/plan-cache.ts';
import { type HotOperation, warmPlans } from '../gateway/plan/warm-plans.ts';
import type { Supergraph } from '../gateway/supergraph/supergraph.ts';
import { type SupergraphWatch, watchSupergraph } from '../gateway/supergraph/watch.ts';
import { readSupergraphFile } from '../gateway/supergraph/watch-file.ts';
import { readSupergraphUrl } from '../gateway/supergraph/watch-url.ts';
import type { AuditLog } from '../kernel/audit/audit-log.ts';
import { type GatewayConfig, readGatewayConfig } from '../kernel/config/gateway-config.ts';
import { anySupergraphLimits } from '../kernel/config/operation-limits.ts';
import type { GatewaySettings } from '../kernel/config/settings.ts';
import type { SubgraphRequest } from '../kernel/subgraph/connection.ts';
import type { Logger } from '../kernel/telemetry/logger.ts';
import { type AdmissionDefaults, admissionOptions } from './admission.ts';
import { type GatewayAccess, openGatewayAccess, settingFor } from './gateway-access.ts';
import { readHotOperations } from './hot-operations.ts';
import { Started } from './started.ts';

const subgraphDefaults = { forwardHeaders: [], timeoutMs: 10_000, maxAnswerBytes: 16 * 1024 * 1024 } as const;

/** What a gateway without apps is started with. */
export interface GatewayStart {
  /** Of the supergraph: a path or a URL. */
  readonly location: string;
  readonly settings: GatewaySettings;
  readonly config: GatewayConfig;
  /** What is planned before a version of the supergraph is served. */
  readonly hotOperations: readonly HotOperation[];
}

/** A gateway that serves. */
export interface GatewayServer {
  readonly port: number;
  readonly supergraphId: string;
  /** Lets the running requests end for at most so many milliseconds. */
  stop(graceMs: number): Promise<void>;
}

/** Reads the files that the settings name. Throws `SettingError` for what cannot be used in them. */
export function readGatewayStart(location: string, settings: GatewaySettings): GatewayStart {
  const { PANORAMA_CONFIG: file } = settings;
  const config = file === undefined ? {} : readGatewayConfig(resolve(file));
  const hotOperations =
    config.warmUp === undefined ? [] : readHotOperations(resolve(dirname(file ?? ''), config.warmUp));
  const start = { location, settings, config, hotOperations };
  // A secret that lacks is said before anything is served.
  for (const name of ['', ...Object.keys(config.subgraphs ?? {})]) subgraphOptions(start, name);
  return start;
}

/** How a subgraph is reached: what the file says of it, then what it says of all, then the defaults. */
function subgraphOptions({ config, settings }: GatewayStart, name: string): SubgraphOptions {
  const { subgraphs = {}, everySubgraph } = config;
  const own = Object.hasOwn(subgraphs, name) ? subgraphs[name] : undefined;
  const { token, ...options } = { ...subgraphDefaults, ...everySubgraph, ...own };
  return {
    ...options,
    ...(token && { tokenSecret: token.secret ?? settingFor(settings, 'PANORAMA_SECRET', 'token') }),
  };
}

/** A subgraph that the file names and the supergraph does not have is a mistake, or one that is still to come. */
function warnOfStrangers({ subgraphs = {} }: GatewayConfig, supergraph: Supergraph, logger: Logger): void {
  const strangers = Object.keys(subgraphs).filter((name) => !supergraph.subgraphs.has(name));
  if (strangers.length > 0) logger.warn({ strangers }, 'The configuration names subgraphs that are not there');
}

/** The same connections, with a record of who reaches what by them. */
function auditEach<Answer>(
  audit: AuditLog,
  connections: ReadonlyMap<string, (request: SubgraphRequest) => Answer>,
): ReadonlyMap<string, (request: SubgraphRequest) => Answer> {
  return new Map(Array.from(connections, ([name, one]) => [name, auditAccess(audit, name, one)]));
}

function startWatch(
  start: GatewayStart,
  prepare: (supergraph: Supergraph) => Promise<void>,
  audit: AuditLog | undefined,
  logger: Logger,
): Promise<SupergraphWatch> {
  const { location, config } = start;
  const isUrl = /^https?:\/\//.test(location);
  const { intervalMs = isUrl ? 10_000 : 1_000, timeoutMs = 10_000 } = config.supergraph ?? {};
  return watchSupergraph({
    read: isUrl ? readSupergraphUrl({ url: location, timeoutMs }) : readSupergraphFile(resolve(location)),
    intervalMs,
    connect(supergraph) {
      warnOfStrangers(config, supergraph, logger);
      const optionsOf = (name: string) => subgraphOptions(start, name);
      const connections = connectSubgraphs(supergraph, optionsOf);
      const subscribingConnections = connectSubscriptions(supergraph, optionsOf);
      if (!audit) return { connections, subscribingConnections };
      return {
        connections: auditEach(audit, connections),
        subscribingConnections: auditEach(audit, subscribingConnections),
      };
    },
    prepare,
    logger,
  });
}

/** Plans the hot operations of a start for a supergraph, and logs what came of it. */
function createWarmUp(
  { hotOperations: operations }: GatewayStart,
  plans: PlanCache,
  logger: Logger,
  signal: AbortSignal,
) {
  const validateDocument = createDocumentValidator({ suggestions: true });
  return async (supergraph: Supergraph) => {
    if (operations.length === 0) return;
    const began = performance.now();
    const options = { supergraph, operations, validateDocument, planOperation: plans, signal };
    const { planned, skipped } = await warmPlans(options);
    for (const one of skipped) logger.warn({ ...one, supergraph: supergraph.id }, 'An operation was not warmed up');
    const ms = Math.round(performance.now() - began);
    logger.info({ supergraph: supergraph.id, planned, skipped: skipped.length, ms }, 'The hot operations are planned');
  };
}

/** Nothing is known of the supergraph, so next to nothing is too much. */
function gatewayAdmission({ settings: { PANORAMA_CONFIG: file = '' } }: GatewayStart): AdmissionDefaults {
  return { limits: anySupergraphLimits, rateLimits: noRateLimits, directory: dirname(resolve(file)) };
}

/**
 * Opens a gateway for a supergraph that is kept up to date; it listens when it is ready to answer. Rejects with
 * `SupergraphError`, or the system's error when the port is taken.
 *
 * @param stopping Ends a warm-up: who asks for the end of a process does not wait for its plans.
 */
export async function openGatewayServer(
  start: GatewayStart,
  logger: Logger,
  stopping: AbortSignal,
): Promise<GatewayServer> {
  const started = new Started();
  try {
    const { config, settings } = start;
    const identity = await openGatewayAccess({ config, settings, logger, started });
    const plans = createGatewayPlans();
    const watching = startWatch(start, createWarmUp(start, plans, logger, stopping), identity.audit, logger);
    const watch = await started.add(watching, (one) => one.stop());
    const gateway = await createGateway(gatewayOptions(start, { identity, watch, plans, logger }));
    const server = await gateway.open({ port: settings.PORT, host: settings.HOST });
    const stop = async (graceMs: number) => {
      await server.drain(graceMs);
      await started.stop();
    };
    return { port: server.port, supergraphId: watch.current().supergraph.id, stop };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

interface GatewayParts {
  readonly identity: GatewayAccess;
  readonly watch: SupergraphWatch;
  readonly plans: PlanCache;
  readonly logger: Logger;
}

function gatewayOptions(start: GatewayStart, { identity, watch, plans, logger }: GatewayParts): GatewayOptions {
  const { config } = start;
  const { access, audit, store } = identity;
  const reaches = [config.everySubgraph ?? {}, ...Object.values(config.subgraphs ?? {})];
  return {
    current: watch.current,
    onReplaced: watch.onReplaced,
    access,
    ...admissionOptions(config, { ...gatewayAdmission(start), ...(store && { store }) }),
    suggestions: config.suggestions ?? access.introspection,
    ...(config.maxRequestBytes !== undefined && { maxBodyBytes: config.maxRequestBytes }),
    ...(config.deadlineMs !== undefined && { deadlineMs: config.deadlineMs }),
    forwardedHeaders: [...new Set(reaches.flatMap(({ forwardHeaders = [] }) => forwardHeaders))],
    planOperation: plans,
    ...(audit && { audit }),
    health: [{ name: 'supergraph', critical: false, check: watch.check }],
    logger,
  };
}
