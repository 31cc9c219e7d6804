/**
 * Which view is open, kept in the address so that "back" and reload work. The router of the dashboard knows the dashboard's
 * addresses only and is most of its entry; five views need none.
 */

import { useSyncExternalStore } from "react";

export const VIEWS = [
  { key: "usage", label: "Usage and cost" },
  { key: "periods", label: "Periods" },
  { key: "invoices", label: "Invoices" },
  { key: "alerts", label: "Alerts" },
  { key: "credits", label: "Credits" },
] as const;
export type ViewKey = (typeof VIEWS)[number]["key"];

export interface View {
  key: ViewKey;
  /** The number or id of the invoice that is open. */
  record: string | null;
}

const listeners = new Set<() => void>();

export function viewAt(path: string): View {
  const [, , key, record] = path.split("/");
  const known = VIEWS.find((view) => view.key === key);
  return { key: known?.key ?? "usage", record: record ? decodeURIComponent(record) : null };
}

export function pathOf(key: ViewKey, record?: string): string {
  const base = key === "usage" ? "/portal" : `/portal/${key}`;
  return record === undefined ? base : `${base}/${encodeURIComponent(record)}`;
}

export function open(key: ViewKey, record?: string): void {
  window.history.pushState(null, "", pathOf(key, record));
  for (const listener of listeners) listener();
  window.scrollTo(0, 0);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

export function useView(): View {
  return viewAt(useSyncExternalStore(subscribe, () => window.location.pathname));
}
