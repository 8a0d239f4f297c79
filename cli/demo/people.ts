import { type DemoPerson, pick } from '../../kernel/subgraph/demo-tenant.ts';
import type { TenantId } from '../../kernel/tenancy/ids.ts';

const firstNames =
  'Ada Alan Amara Anders Aiko Astrid Bela Bo Carla Chen Clara Dara Edsger Elif Emil Esra Eva Farid Freja Grace Hana Hedy Henrik Ida Ines Ivan Jens Joan Kaito Karen Lars Leila Linus Mads Maja Margaret Mei Mikkel Nadia Niels Noor Olga Omar Petra Radia Rasmus Rosa Sofie Søren Tove'.split(
    ' ',
  );
const lastNames =
  'Andersen Bach Becker Byron Castro Christensen Costa Dahl Diaz Engel Farouk Fischer Garcia Hansen Holm Hopper Ito Jensen Kaya Khan Kjær Larsen Lindgren Lovelace Madsen Mori Mortensen Nguyen Nielsen Novak Olsen Pedersen Perlman Petrov Rossi Sato Schmidt Silva Sørensen Thomsen'.split(
    ' ',
  );
const companies =
  'Aarhus Robotics|Baltic Freight|Copper Kettle|Delta Clinics|Elm & Oak|Fjord Foods|Green Turbine|Harbour Bank|Ink & Paper|Juniper Labs|Kite Studio|Lighthouse Law|Meadow Farms|North Rail|Orbit Travel|Pine Energy'.split(
    '|',
  );

/** The end of the demo data's time: everything in it happened before. Fixed, so that the data are the same anywhere. */
const demoEnd = Date.parse('2026-11-01T00:00:00Z');
const day = 86_400_000;

/** Numbers from 0 up to 1 from a seed: the mulberry32 generator over a 32-bit FNV-1a hash of the seed. */
function seededRandom(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const plain = (name: string) => name.toLowerCase().replaceAll('ø', 'oe').replaceAll('æ', 'ae');

function makePerson(tenantId: TenantId, number: number): DemoPerson {
  // Seeded by the number alone, so that the same person, with the same e-mail address, is a customer of every tenant.
  const random = seededRandom(`person ${number}`);
  const firstName = pick(firstNames, random);
  const lastName = pick(lastNames, random);
  const username = `${plain(firstName)}.${plain(lastName)}${number}`;
  const digits = String(number).padStart(4, '0');
  const createdAt = new Date(demoEnd - Math.floor((90 + random() * 640) * day));
  const neverLoggedIn = number === 2 || (number > 2 && random() < 0.15);
  return {
    number,
    id: `cus_${tenantId}_${digits}`,
    tenantId,
    firstName,
    lastName,
    username,
    email: `${username}@example.com`,
    company: pick(companies, random),
    createdAt,
    lastLogin: neverLoggedIn ? null : new Date(demoEnd - Math.floor(random() * 60 * day)),
    random: (app) => seededRandom(`${tenantId} ${app} ${number}`),
  };
}

/** The customers of a demo tenant. */
export function makePeople(tenantId: TenantId, count: number): DemoPerson[] {
  return Array.from({ length: count }, (_, index) => makePerson(tenantId, index + 1));
}
