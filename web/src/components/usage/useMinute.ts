import { useEffect, useState } from "react";

const MINUTE_MS = 60_000;

/** Now, moving on once a minute: what is asked stays the same in between. */
export function useMinute(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
