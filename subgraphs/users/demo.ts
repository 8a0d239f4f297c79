import { type DemoPerson, type DemoTenant, pick } from '../../kernel/subgraph/demo-tenant.ts';
import { normaliseEmail } from '../../kernel/subgraph/input.ts';
import { defaultApps, makeDefaultRoles } from './new-tenant.ts';
import { insertMissing, type NewSession, type NewUser, type UsersTransaction } from './store.ts';

/** When the demo tenants, their apps and their keys were set up: before anyone's account. */
const demoStart = new Date('2024-09-01T00:00:00Z');
const minuteMillis = 60_000;
const dayMillis = 1_440 * minuteMillis;

const sessionKinds = defaultApps.flatMap(({ id, sessionTypes }) =>
  sessionTypes.map((sessionType) => ({ appId: id, sessionType })),
);

function makeUser({ id, username, email, firstName, lastName, company, createdAt, lastLogin }: DemoPerson): NewUser {
  return {
    id,
    username,
    usernameKey: username.toLowerCase(),
    email,
    emailKey: normaliseEmail(email),
    profileData: { firstName, lastName, company },
    createdAt,
    updatedAt: createdAt,
    lastLogin,
  };
}

/** Up to five sessions, the latest of which began at the last login; one in ten of those still runs. */
function makeSessions(person: DemoPerson): NewSession[] {
  const { lastLogin } = person;
  if (!lastLogin) return [];
  const random = person.random('users');
  let startedAt = lastLogin;
  return Array.from({ length: 1 + Math.floor(random() * 5) }, (_, index) => {
    if (index > 0) startedAt = new Date(startedAt.getTime() - Math.floor((0.2 + random() * 5) * dayMillis));
    const kind = pick(sessionKinds, random);
    const endedAt = new Date(startedAt.getTime() + Math.floor((5 + random() * 85) * minuteMillis));
    const runs = index === 0 && random() < 0.1;
    const id = `ses_${person.id.slice('cus_'.length)}_${index + 1}`;
    return { id, userId: person.id, ...kind, startedAt, endedAt: runs ? null : endedAt };
  });
}

/** Writes a demo tenant with its client apps, keys, people and sessions, where they are not there yet. */
export async function insertDemo(tx: UsersTransaction, { id, name, people, keys }: DemoTenant): Promise<void> {
  await insertMissing(tx, {
    tenant: { name, createdAt: demoStart },
    apps: defaultApps.map((app) => ({ ...app, createdAt: demoStart })),
    keys: keys.map(({ permissions, allowedApps, ...key }, index) => ({
      ...key,
      id: `key_${id}_${index + 1}`,
      permissions: [...permissions],
      allowedApps: [...allowedApps],
      isDemo: true,
      createdAt: demoStart,
    })),
    roles: makeDefaultRoles(id, demoStart),
    users: people.map(makeUser),
    sessions: people.flatMap(makeSessions),
  });
}
