/** The last `months` whole months before `now`, as days in UTC; the end is exclusive. */
export function monthsBack(now: Date, months: number): { from: string; to: string } {
  const day = (month: number) => new Date(Date.UTC(now.getUTCFullYear(), month, 1)).toISOString().slice(0, 10);
  return { from: day(now.getUTCMonth() - months), to: day(now.getUTCMonth()) };
}
