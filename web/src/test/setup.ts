import "@testing-library/jest-dom/vitest";
import { notifications } from "@mantine/notifications";
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll, vi } from "vitest";
import { setLocales } from "@/app/formats";
import { server } from "./server";

// Whether an element is hidden is a question for the browser (tests/e2e); here it costs more than all else.
// Slow machines are slow; what is never there is missing all the same. And a failure shows no page of markup.
configure({ asyncUtilTimeout: 15_000, defaultHidden: true, getElementError: (message) => new Error(message ?? "") });

beforeAll(() => {
  setLocales(["en-US"]);
  server.listen({ onUnhandledRequest: "error" });
});
afterEach(() => {
  cleanup();
  notifications.clean();
  server.resetHandlers();
});
afterAll(() => server.close());

// It has no size to draw in here.
vi.mock("@/components/TimeChartDrawing", () => ({ default: () => null }));

// What Mantine asks of a browser and jsdom hasn't got.
Object.defineProperty(window, "matchMedia", {
  value: (query: string) => ({
    matches: false,
    media: query,
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
    addListener: vi.fn(),
    removeListener: vi.fn(),
  }),
});
window.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
window.HTMLElement.prototype.scrollIntoView = () => {};
window.scrollTo = () => {};
