import type { Meter } from "@/api/meters";
import type { UsageQuestion } from "@/api/usage";
import type { UsageSearch } from "./search";
import { DEFAULT_WINDOWS, periodBefore, type Span, type SpanName, spanOf, windowsOf } from "./span";

type Cut = Exclude<UsageQuestion["window"], "none">;

export interface Question {
  name: SpanName;
  /** Null while days are still to be chosen, as are those that follow from it. */
  span: Span | null;
  /** Those that fit the span, finest first. */
  windows: Cut[];
  window: Cut;
  by: string[];
  /** By window and group. */
  asked: UsageQuestion | null;
  /** Undivided, of the period before. */
  before: UsageQuestion | null;
}

/** What the page's choices ask of the API; choices that do not fit each other give way. */
export function questionOf(search: UsageSearch, meter: Meter, now: Date, zone: string): Question {
  const name = search.span ?? "month";
  const span = spanOf(name, now, zone, search);
  const windows = span === null ? [] : windowsOf(span);
  const wanted = search.window ?? DEFAULT_WINDOWS[name];
  const window = windows.length === 0 || windows.includes(wanted) ? wanted : (windows.at(-1) ?? wanted);
  const by = (search.by ?? "").split(",").filter((dimension) => meter.dimensions.includes(dimension));
  const common = {
    meter: meter.key,
    ...(search.customer === undefined ? {} : { customer_id: search.customer }),
    group_by: by,
    timezone: zone,
  };
  const ask = ({ start, end }: Span, cut: UsageQuestion["window"]): UsageQuestion => ({
    ...common,
    from: start.toISOString(),
    to: end.toISOString(),
    window: cut,
  });
  const before = span !== null && search.compare !== false ? periodBefore(name, span, now, zone) : null;
  return {
    name,
    span,
    windows,
    window,
    by,
    asked: span === null ? null : ask(span, window),
    before: before === null || before.end <= before.start ? null : ask(before, "none"),
  };
}
