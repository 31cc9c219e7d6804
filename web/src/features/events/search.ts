/** The choices of the page of events, as its address keeps them. */

export const EVENT_TABS = { search: "Search", live: "Live", unbilled: "Not billed", imports: "CSV imports" } as const;
export type EventTab = keyof typeof EVENT_TABS;

export interface EventsSearch {
  tab?: EventTab | undefined;
  customer?: string | undefined;
  name?: string | undefined;
  /** As a field for local times gives them: "2026-04-17T15:00". */
  from?: string | undefined;
  to?: string | undefined;
  unattributed?: true | undefined;
  /** The event that is looked at. */
  event?: string | undefined;
}

export function validateEventsSearch(search: Record<string, unknown>): EventsSearch {
  const found: EventsSearch = {};
  const { tab, unattributed } = search;
  if (typeof tab === "string" && Object.hasOwn(EVENT_TABS, tab)) found.tab = tab as EventTab;
  for (const key of ["customer", "name", "event"] as const) {
    const value = search[key];
    if ((typeof value === "string" && value !== "") || typeof value === "number") found[key] = String(value);
  }
  for (const key of ["from", "to"] as const) {
    const value = search[key];
    if (typeof value === "string" && !Number.isNaN(Date.parse(value))) found[key] = value;
  }
  if (unattributed === true) found.unattributed = true;
  return found;
}
