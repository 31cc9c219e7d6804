import { afterEach, expect, it } from "vitest";
import { embed } from "./embed";

afterEach(() => {
  document.body.innerHTML = "";
});

function script(data: Record<string, string>): HTMLScriptElement {
  const element = document.createElement("script");
  element.src = "https://billing.example/embed.js";
  element.type = "text/plain"; // jsdom loads nothing
  Object.assign(element.dataset, data);
  document.body.append(element);
  return element;
}

const say = (frame: HTMLIFrameElement, origin: string, data: unknown) =>
  window.dispatchEvent(new MessageEvent("message", { origin, source: frame.contentWindow, data }));

it("puts a frame of the script's own origin behind it, the token behind the #", () => {
  const frame = embed(script({ token: "pt_a b", theme: "dark" })) as HTMLIFrameElement;
  const address = new URL(frame.src);
  expect(address.origin + address.pathname + address.search).toBe("https://billing.example/portal");
  expect(Object.fromEntries(new URLSearchParams(address.hash.slice(1)))).toEqual({
    token: "pt_a b",
    embedded: "1",
    theme: "dark",
  });
  expect(frame.title).toBe("Usage and billing");
});

it("needs a token, and knows two themes", () => {
  expect(embed(script({}))).toBeNull();
  expect(embed(script({ token: "" }))).toBeNull();
  expect(embed(script({ token: "pt_a", theme: "auto" }))?.src).not.toContain("theme");
});

it("is as high as the portal says, and believes nobody else", () => {
  const frame = embed(script({ token: "pt_a" })) as HTMLIFrameElement;
  say(frame, "https://billing.example", { type: "justpaid:height", height: 900 });
  expect(frame.style.height).toBe("900px");
  say(frame, "https://evil.example", { type: "justpaid:height", height: 5 });
  say(frame, "https://billing.example", { type: "other", height: 5 });
  say(frame, "https://billing.example", { type: "justpaid:height", height: "much" });
  say(frame, "https://billing.example", null);
  window.dispatchEvent(
    new MessageEvent("message", {
      origin: "https://billing.example",
      source: window,
      data: { type: "justpaid:height", height: 700 },
    }),
  );
  expect(frame.style.height).toBe("900px");
  say(frame, "https://billing.example", { type: "justpaid:height", height: 9_000_000 });
  expect(frame.style.height).toBe("20000px");
});
