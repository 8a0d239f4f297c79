const words = [
  ...['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'],
  ...['thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen', 'twenty'],
];

/** The number that a word or digits say; undefined for any other word. */
export function readNumber(word: string): number | undefined {
  if (/^\d{1,6}$/.test(word)) return Number(word);
  const number = words.indexOf(word.toLowerCase());
  return number > 0 ? number : undefined;
}

/** A count as it is spoken: a word up to twelve, digits in groups beyond. */
export function sayCount(count: number): string {
  return (count <= 12 ? words[count] : undefined) ?? count.toLocaleString('en');
}

/** A count of things: `one lead`, `no leads`. */
export function sayHowMany(count: number, noun: string): string {
  return `${sayCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** An amount in the smallest unit of a currency (ISO 4217): `12,500 euros`, `one US dollar` as `1 US dollar`. */
export function sayMoney(amount: number, currency: string): string {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits;
  const units = amount / 10 ** (digits ?? 2);
  const minimumFractionDigits = Number.isInteger(units) ? 0 : digits;
  const style = { style: 'currency', currencyDisplay: 'name' } as const;
  return new Intl.NumberFormat('en', { ...style, currency, minimumFractionDigits }).format(units);
}

/** A part as it is spoken: `25 percent`. */
export function sayPercent(part: number): string {
  return `${Math.round(part * 100)} percent`;
}

/** A list as it is spoken: `Ada, Grace and Joan`. */
export function sayList(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

/** An instant as it is spoken in a time zone: `Sunday 22 November at 10:00`. */
export function sayInstant(instant: Date, timeZone: string): string {
  const day = { weekday: 'long', day: 'numeric', month: 'long' } as const;
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, ...day, ...time }).formatToParts(instant);
  const part = (wanted: string) => parts.find(({ type }) => type === wanted)?.value ?? '';
  return `${part('weekday')} ${part('day')} ${part('month')} at ${part('hour')}:${part('minute')}`;
}
