/** The length of a day in UTC, which knows no summer time. */
export const dayMillis = 86_400_000;

/** The first instant of the day, in UTC, on which an instant lies. */
export function startOfDay(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / dayMillis) * dayMillis);
}
