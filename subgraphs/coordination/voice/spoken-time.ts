import { readNumber } from './phrases.ts';

/** When something is meant to be, and the words around it. */
export interface SpokenTime {
  readonly at: Date;
  readonly rest: string;
}

interface Here {
  readonly now: Date;
  readonly timeZone: string;
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const dayMillis = 86_400_000;
const minuteMillis = 60_000;

const word = '[a-z]+|\\d{1,3}';
const dayPattern = new RegExp(
  `\\b(?:(today|tomorrow)|in (${word}) (days?|weeks?)|(?:on |next )?(${weekdays.join('|')})|on (\\d{4}-\\d{2}-\\d{2}))\\b`,
  'i',
);
const timePattern =
  /\bat (?:(noon|midnight)|(\d{1,2})(?::(\d{2}))?(?: ?(a\.?m\.?|p\.?m\.?|o'?clock))?)(?=\W|$)|\bin the (morning|afternoon|evening)\b/i;
const soonPattern = new RegExp(`\\bin (${word}) (minutes?|hours?)\\b`, 'i');

/** What a clock on a wall shows at an instant, read as if it were in UTC. */
function wallClock(instant: number, timeZone: string): number {
  const day = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, ...day, ...time }).formatToParts(instant);
  const part = (wanted: string) => Number(parts.find(({ type }) => type === wanted)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/** The instant at which a clock on a wall shows a time; where clocks are set, the one that is nearest. */
function instantOfWallClock(wall: number, timeZone: string): Date {
  const guess = wall - (wallClock(wall, timeZone) - wall);
  return new Date(guess + wall - wallClock(guess, timeZone));
}

/** The day that is meant, as midnight on the wall clock; undefined where none is named. */
function readDay(match: RegExpExecArray | null, today: number): number | undefined {
  if (!match) return undefined;
  const [, near, count = '', unit = '', weekday, date] = match;
  if (near) return near.toLowerCase() === 'today' ? today : today + dayMillis;
  if (date) return Date.parse(`${date}T00:00:00Z`);
  if (weekday) {
    const ahead = (weekdays.indexOf(weekday.toLowerCase()) - new Date(today).getUTCDay() + 7) % 7;
    return today + (ahead === 0 ? 7 : ahead) * dayMillis;
  }
  const days = readNumber(count);
  return days === undefined ? undefined : today + days * (unit.startsWith('week') ? 7 : 1) * dayMillis;
}

const partsOfDay: Readonly<Record<string, number>> = { morning: 9, afternoon: 14, evening: 18, noon: 12, midnight: 0 };

/** The minute of the day that is meant. Hours up to six without more are in the afternoon, when people meet. */
function readMinute(match: RegExpExecArray | null): number | undefined {
  if (!match) return undefined;
  const [, named, hour = '', minute = '0', half = '', part] = match;
  const known = partsOfDay[(named ?? part ?? '').toLowerCase()];
  if (known !== undefined) return known * 60;
  const isHalf = /^[ap]/i.test(half);
  const isLate = isHalf ? /^p/i.test(half) : Number(hour) >= 1 && Number(hour) <= 6;
  const hours = (isHalf && Number(hour) === 12 ? 0 : Number(hour)) + (isLate ? 12 : 0);
  return hours < 24 && Number(minute) < 60 ? hours * 60 + Number(minute) : undefined;
}

const without = (text: string, match: RegExpExecArray | null) => (match ? text.replace(match[0], ' ') : text);

/** Finds out when something is meant to be: `tomorrow at 10`, `on Monday in the afternoon`, `in two hours`. */
export function readSpokenTime(text: string, { now, timeZone }: Here): SpokenTime | undefined {
  const soon = soonPattern.exec(text);
  const count = soon && readNumber(soon[1] ?? '');
  if (soon && count) {
    const millis = count * (soon[2]?.startsWith('h') ? 60 : 1) * minuteMillis;
    return { at: new Date(now.getTime() + millis), rest: without(text, soon) };
  }
  const dayMatch = dayPattern.exec(text);
  const timeMatch = timePattern.exec(without(text, dayMatch));
  const wall = wallClock(now.getTime(), timeZone);
  const today = wall - (((wall % dayMillis) + dayMillis) % dayMillis);
  const minute = readMinute(timeMatch);
  const day = readDay(dayMatch, today);
  if (minute === undefined || (dayMatch && (day === undefined || Number.isNaN(day)))) return undefined;
  const next = today + minute * minuteMillis > wall ? today : today + dayMillis;
  const at = instantOfWallClock((day ?? next) + minute * minuteMillis, timeZone);
  return { at, rest: without(without(text, dayMatch), timeMatch) };
}
