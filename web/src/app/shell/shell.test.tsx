import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, it } from "vitest";
import { tellSignedOut, whenSignedOut } from "@/api/client";
import { end } from "@/api/session";
import { renderSite } from "@/test/render";
import { problem, SESSION, server, signedOut } from "@/test/server";

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

it("tells test mode from live, and switches", async () => {
  const [test, live] = SESSION.organisations;
  let now = test;
  server.use(
    http.post("*/v1/auth/organisation", async ({ request }) => {
      expect(await request.json()).toEqual({ organisation_id: live?.id });
      expect(request.headers.get("X-CSRF-Token")).toBe("csrf-1");
      now = live;
      return HttpResponse.json({ ...SESSION, organisation: now, csrf_token: "csrf-2" });
    }),
  );
  const { container } = renderSite("/settings");
  expect(await screen.findByText("Test mode")).toBeInTheDocument();
  expect(container.querySelector("[data-mode=test]")).not.toBeNull();

  await userEvent.click(screen.getByRole("button", { name: /Organisation: Larkspur AI, test mode/ }));
  await userEvent.click(await screen.findByRole("menuitem", { name: /Larkspur AI.*Live/ }));

  expect(await screen.findByRole("button", { name: /live mode/ })).toBeInTheDocument();
  expect(container.querySelector("[data-mode=live]")).not.toBeNull();
  expect(await screen.findByRole("heading", { level: 1, name: "Overview" })).toBeInTheDocument();
});

it("goes to the sign-in once the session has ended", async () => {
  const { queries, router } = renderSite("/settings");
  await screen.findByRole("navigation", { name: "Main" });
  const off = whenSignedOut(() => {
    end(queries);
    void router.invalidate();
  });
  server.use(signedOut);
  tellSignedOut();
  expect(await screen.findByRole("button", { name: "Sign in" })).toBeInTheDocument();
  off();
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
