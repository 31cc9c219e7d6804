/**
 * Leaving the page as a whole. A session that ended or went to another organisation takes all that was shown with it, and
 * nothing forgets as well as a new page. Other tabs of the same session are told.
 */

import { afterSignIn } from "./signInTarget";

export const browserWindow = {
  goTo: (address: string): void => window.location.assign(address),
};

const CHANNEL = "justpaid-session";

/** Call it after what changed the session for all tabs. */
export function startAnew(address: string): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("changed");
  channel.close();
  browserWindow.goTo(address);
}

/** Follows what happens to the session in other tabs. */
export function followOtherTabs(): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = () => browserWindow.goTo("/");
  return () => channel.close();
}

/** To the sign-in, which leads back to where one was. */
export function goToSignIn(): void {
  const { pathname, search } = window.location;
  if (pathname === "/sign-in" || pathname === "/setup") return;
  const { to } = afterSignIn(pathname + search);
  browserWindow.goTo(to === undefined ? "/sign-in" : `/sign-in?to=${encodeURIComponent(to)}`);
}
