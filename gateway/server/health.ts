import type { IncomingMessage, ServerResponse } from 'node:http';

/** Checks one component; a rejection means that it does not work. */
export type HealthCheck = () => Promise<void>;

/** What readiness depends on. Without a critical component nothing can be answered; without another, less. */
export interface HealthComponent {
  readonly name: string;
  readonly critical: boolean;
  readonly check: HealthCheck;
}

type Status = 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY';

/** The answer of `/readyz`. */
export interface HealthReport {
  readonly status: Status;
  readonly components: Readonly<Record<string, { readonly status: Status }>>;
}

/** A component that takes longer than this to answer counts as failed. */
const checkTimeoutMs = 2_000;

async function statusOf(component: HealthComponent): Promise<Status> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error('timeout')), checkTimeoutMs);
  try {
    await Promise.race([component.check(), timeout.promise]);
    return 'HEALTHY';
  } catch {
    // The report is the outcome; the component's own log has the cause.
    return 'UNHEALTHY';
  } finally {
    clearTimeout(timer);
  }
}

/** Checks all components side by side. One critical failure makes the whole UNHEALTHY, any other DEGRADED. */
export async function reportHealth(components: readonly HealthComponent[]): Promise<HealthReport> {
  const checked = await Promise.all(
    components.map(async (component) => ({ component, status: await statusOf(component) })),
  );
  const failed = checked.filter(({ status }) => status !== 'HEALTHY');
  const status = failed.some(({ component }) => component.critical)
    ? 'UNHEALTHY'
    : failed.length > 0
      ? 'DEGRADED'
      : 'HEALTHY';
  return {
    status,
    components: Object.fromEntries(checked.map(({ component, status }) => [component.name, { status }])),
  };
}

function sendJson(request: IncomingMessage, response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : JSON.stringify(body));
}

/** `/healthz`: the process answers. It depends on nothing else, so a restart is not asked for when an app is down. */
export function sendLiveness(request: IncomingMessage, response: ServerResponse): void {
  sendJson(request, response, 200, { status: 'HEALTHY' });
}

/** `/readyz`: whether requests should be sent here; 503 when UNHEALTHY. */
export async function sendReadiness(
  request: IncomingMessage,
  response: ServerResponse,
  components: readonly HealthComponent[],
): Promise<void> {
  const report = await reportHealth(components);
  sendJson(request, response, report.status === 'UNHEALTHY' ? 503 : 200, report);
}
