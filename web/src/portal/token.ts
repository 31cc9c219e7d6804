/**
 * The token of the portal link, `/portal#token=pt_…`. It is read once and leaves the address bar; for a reload it stays in
 * this tab's own storage. An embedded page hands it over in the same way, with its theme.
 */

export interface Handover {
  token: string | null;
  embedded: boolean;
  theme: "light" | "dark" | null;
}

const KEPT_AS = "justpaid-portal";

export function takeHandover(): Handover {
  const given = new URLSearchParams(window.location.hash.slice(1));
  const token = given.get("token");
  if (token === null || token === "") return kept();
  const theme = given.get("theme");
  const handover: Handover = {
    token,
    embedded: given.get("embedded") === "1",
    theme: theme === "light" || theme === "dark" ? theme : null,
  };
  window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  try {
    sessionStorage.setItem(KEPT_AS, JSON.stringify(handover));
  } catch {
    // A browser may forbid storage in a frame; then a reload asks for the link again.
  }
  return handover;
}

function kept(): Handover {
  try {
    const stored = sessionStorage.getItem(KEPT_AS);
    if (stored !== null) return JSON.parse(stored) as Handover;
  } catch {
    // As above.
  }
  return { token: null, embedded: false, theme: null };
}
