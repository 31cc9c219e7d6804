import { afterEach, beforeEach, expect, it, type MockInstance, vi } from "vitest";
import { browserWindow, followOtherTabs, goToSignIn, startAnew } from "./browserWindow";

let goTo: MockInstance<typeof browserWindow.goTo>;
beforeEach(() => {
  goTo = vi.spyOn(browserWindow, "goTo").mockReturnValue();
});
afterEach(() => window.history.replaceState(null, "", "/"));

it("goes to the sign-in with the way back", () => {
  window.history.replaceState(null, "", "/invoices?status=draft");
  goToSignIn();
  expect(goTo).toHaveBeenCalledWith("/sign-in?to=%2Finvoices%3Fstatus%3Ddraft");
});

it("stays where one signs in already", () => {
  window.history.replaceState(null, "", "/sign-in?to=%2Fevents");
  goToSignIn();
  expect(goTo).not.toHaveBeenCalled();
});

it("takes other tabs along when the organisation changes", async () => {
  const stop = followOtherTabs();
  startAnew("/usage");
  await vi.waitFor(() => expect(goTo.mock.calls).toEqual([["/usage"], ["/"]]));
  stop();
});
