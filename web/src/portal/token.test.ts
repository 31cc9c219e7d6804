import { beforeEach, expect, it, vi } from "vitest";
import { takeHandover } from "./token";

beforeEach(() => {
  sessionStorage.clear();
  window.history.replaceState(null, "", "/portal");
});

it("takes the token out of the address and keeps it for a reload", () => {
  window.history.replaceState(null, "", "/portal/invoices#token=pt_abc");
  const taken = { token: "pt_abc", embedded: false, theme: null };
  expect(takeHandover()).toEqual(taken);
  expect(window.location.href).not.toContain("pt_abc");
  expect(window.location.pathname).toBe("/portal/invoices");
  expect(takeHandover()).toEqual(taken);
});

it("takes what an embedding page hands over, and only themes that there are", () => {
  window.location.hash = "#token=pt_abc&embedded=1&theme=dark";
  expect(takeHandover()).toEqual({ token: "pt_abc", embedded: true, theme: "dark" });
  window.location.hash = "#token=pt_abc&theme=javascript:alert(1)";
  expect(takeHandover().theme).toBeNull();
});

it("opens without storage, and says so when there is no token", () => {
  expect(takeHandover().token).toBeNull();
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("forbidden", "SecurityError");
  });
  window.location.hash = "#token=pt_abc";
  expect(takeHandover().token).toBe("pt_abc");
});
