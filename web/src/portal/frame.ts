import type { HeightMessage } from "@/embed/embed";

/** Tells the page around this one how high it is. Whose page that is does not matter: a height is no secret. */
export function reportHeight(): void {
  if (window.parent === window) return;
  document.documentElement.dataset.embedded = "true";
  const root = document.getElementById("root");
  if (root === null) return;
  const tell = () => {
    const message: HeightMessage = { type: "justpaid:height", height: Math.ceil(root.scrollHeight) };
    window.parent.postMessage(message, "*");
  };
  new ResizeObserver(tell).observe(root);
}
