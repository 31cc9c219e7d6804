import { screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { afterEach, expect, it, vi } from "vitest";
import { renderSite } from "@/test/render";
import { problem, SESSION, server, signedOut } from "@/test/server";
import { fill, user } from "@/test/user";

afterEach(() => window.history.replaceState(null, "", "/"));

it("sends who is not signed in to the sign-in, and back to the page asked for", async () => {
  const received = vi.fn();
  server.use(
    signedOut,
    http.post("*/v1/auth/sign-in", async ({ request }) => {
      received(await request.json());
      return HttpResponse.json(SESSION);
    }),
  );
  const { router } = renderSite("/settings");
  await fill(/E-mail/, "ada@larkspur.example");
  await fill(/^Password/, "correct horse battery");
  await user.click(screen.getByRole("button", { name: "Sign in" }));

  expect(await screen.findByRole("heading", { level: 1, name: "Settings" })).toBeInTheDocument();
  expect(received).toHaveBeenCalledWith({ email: "ada@larkspur.example", password: "correct horse battery" });
  expect(router.state.location.pathname).toBe("/settings");
});

it("says why a sign-in was refused", async () => {
  server.use(
    signedOut,
    http.post("*/v1/auth/sign-in", () => problem(401, "wrong_credentials", "Check both.")),
  );
  renderSite("/sign-in");
  await fill(/E-mail/, "ada@larkspur.example");
  await fill(/^Password/, "wrong");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Check both.");
});

it("opens the set-up on a new installation, and shows which field is wrong", async () => {
  const wrong = { type: "", title: "Invalid", status: 422, detail: "email: is no address", code: "invalid_request" };
  server.use(
    signedOut,
    http.get("*/v1/auth/state", () => HttpResponse.json({ setup_needed: true })),
    http.post("*/v1/auth/setup", () =>
      HttpResponse.json(
        { ...wrong, errors: [{ field: "email", message: "is no address", code: "x" }] },
        { status: 422 },
      ),
    ),
  );
  renderSite("/");
  await fill(/Company/, "Larkspur AI");
  await fill(/Your name/, "Ada");
  await fill(/E-mail/, "ada@localhost");
  await fill(/^Password/, "short");
  await user.click(screen.getByRole("button", { name: "Create the account" }));
  expect(await screen.findByText(/At least 12 characters/)).toBeInTheDocument();

  await fill(/^Password/, "short and then long");
  await user.click(screen.getByRole("button", { name: "Create the account" }));
  await waitFor(() => expect(screen.getByLabelText(/E-mail/)).toHaveAccessibleDescription("is no address"));
});

it("redeems a one-time link once, and takes its token out of the address", async () => {
  window.history.replaceState(null, "", "/sign-in#token=once-1");
  const received: unknown[] = [];
  server.use(
    signedOut,
    http.post("*/v1/auth/link", async ({ request }) => {
      received.push(await request.json());
      return HttpResponse.json(SESSION);
    }),
  );
  renderSite("/sign-in");
  expect(await screen.findByRole("heading", { level: 1, name: "Overview" })).toBeInTheDocument();
  expect(received).toEqual([{ token: "once-1" }]);
  expect(window.location.hash).toBe("");
});

it("says so when a link was used before", async () => {
  window.history.replaceState(null, "", "/sign-in#token=once-1");
  server.use(
    signedOut,
    http.post("*/v1/auth/link", () => problem(401, "link_used", "Ask for another link.")),
  );
  renderSite("/sign-in");
  expect(await screen.findByRole("alert")).toHaveTextContent("Ask for another link.");
  expect(screen.getByRole("link", { name: /password/ })).toBeInTheDocument();
});

it("gives a first password to who came by a link, without asking for one", async () => {
  const received: unknown[] = [];
  server.use(
    http.get("*/v1/auth/session", () =>
      HttpResponse.json({ ...SESSION, user: { ...SESSION.user, has_password: false } }),
    ),
    http.post("*/v1/auth/password", async ({ request }) => {
      received.push(await request.json());
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { router } = renderSite("/password");
  await fill(/New password/, "correct horse battery");
  await user.click(screen.getByRole("button", { name: "Choose" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/"));
  expect(received).toEqual([{ new_password: "correct horse battery" }]);
});
