import { screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, it, vi } from "vitest";
import type { Mode } from "@/api/contract";
import { browserWindow } from "@/app/browserWindow";
import { renderSite } from "@/test/render";
import { problem, SESSION, server } from "@/test/server";
import { user } from "@/test/user";

const sessionOf = (mode: Mode) =>
  http.get("*/v1/auth/session", () =>
    HttpResponse.json({ ...SESSION, organisation: { ...SESSION.organisation, mode } }),
  );

it("leads to every part", async () => {
  renderSite("/settings");
  const navigation = await screen.findByRole("navigation", { name: "Main" });
  expect(
    within(navigation)
      .getAllByRole("link")
      .map((link) => link.textContent),
  ).toEqual([...["Overview", "Usage", "Customers", "Pricing", "Invoices", "Events", "Developers", "Settings"]]);
  expect(within(navigation).getByRole("link", { name: "Settings" })).toHaveAttribute("aria-current", "page");
});

it.each(["test", "live"] as const)("tells %s mode at a glance", async (mode) => {
  server.use(sessionOf(mode));
  const { container } = renderSite("/settings");
  expect(await screen.findByText(mode === "test" ? "Test" : "Live")).toBeInTheDocument();
  expect(container.querySelector("[data-mode]")).toHaveAttribute("data-mode", mode);
});

it("begins anew in the other organisation", async () => {
  const goTo = vi.spyOn(browserWindow, "goTo").mockReturnValue();
  const sent = vi.fn();
  server.use(
    http.post("*/v1/auth/organisation", async ({ request }) => {
      sent(request.headers.get("X-CSRF-Token"), await request.json());
      return HttpResponse.json(SESSION);
    }),
  );
  renderSite("/invoices");
  await user.click(await screen.findByRole("button", { name: /Organisation: Larkspur AI, test mode/ }));
  await user.click(await screen.findByRole("menuitem", { name: /Larkspur AI.*Live/ }));
  await waitFor(() => expect(goTo).toHaveBeenCalledWith("/"));
  expect(sent).toHaveBeenCalledWith("csrf-1", { organisation_id: "org_live" });
});

it("shows what the server refuses, in its words", async () => {
  server.use(http.get("*/v1/organisation", () => problem(403, "forbidden_by_role", "Owners and admins may.")));
  renderSite("/settings");
  expect(await screen.findByRole("alert")).toHaveTextContent("Owners and admins may.");
});

it("has a page for addresses without one", async () => {
  renderSite("/nowhere");
  expect(await screen.findByText("There is no page at this address")).toBeInTheDocument();
});

it("says when the line is lost", async () => {
  server.use(http.get("*/v1/events/stream", () => new HttpResponse(null, { status: 503 })));
  renderSite("/settings");
  expect(await screen.findByText(/Connection lost/)).toBeInTheDocument();
});
