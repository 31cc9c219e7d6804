/**
 * What `<script src="https://…/embed.js" data-token="pt_…" data-theme="light" async></script>` puts in its place: a frame with
 * the customer portal, as high as what is in it. Runs on other people's pages, so it needs nothing and leaves nothing behind.
 */

/** What the portal sends to the page around it. A type and no value: code that both share would be a file to load. */
export interface HeightMessage {
  type: "justpaid:height";
  height: number;
}

const LEAST_HEIGHT = 320;
const MOST_HEIGHT = 20_000;

export function embed(script: HTMLScriptElement): HTMLIFrameElement | null {
  const { token, theme } = script.dataset;
  if (token === undefined || token === "") return null;
  const origin = new URL(script.src).origin;
  const frame = document.createElement("iframe");
  // Behind the # it reaches no server and no log; the portal takes it out of its address when it has read it.
  const handover = new URLSearchParams({ token, embedded: "1" });
  if (theme === "light" || theme === "dark") handover.set("theme", theme);
  frame.src = `${origin}/portal#${handover}`;
  frame.title = script.dataset.title ?? "Usage and billing";
  frame.referrerPolicy = "no-referrer";
  Object.assign(frame.style, { display: "block", width: "100%", height: `${LEAST_HEIGHT}px`, border: "0" });
  script.after(frame);
  const listen = (message: MessageEvent): void => {
    if (!frame.isConnected) window.removeEventListener("message", listen);
    else if (message.origin === origin && message.source === frame.contentWindow) resize(frame, message.data);
  };
  window.addEventListener("message", listen);
  return frame;
}

function resize(frame: HTMLIFrameElement, data: unknown): void {
  if (typeof data !== "object" || data === null || !("type" in data) || data.type !== "justpaid:height") return;
  const height = "height" in data ? Number(data.height) : Number.NaN;
  if (Number.isFinite(height)) frame.style.height = `${Math.min(Math.max(height, LEAST_HEIGHT), MOST_HEIGHT)}px`;
}
