import { HttpResponse, http } from "msw";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { problem, server } from "@/test/server";
import { answer, api, ask, setCsrfToken, whenSignedOut } from "./client";
import { Problem } from "./problem";

let sent: Request[];
beforeEach(() => {
  sent = [];
  server.events.on("request:start", ({ request }) => void sent.push(request));
});
afterEach(() => {
  server.events.removeAllListeners();
  setCsrfToken(undefined);
});

it("sends the CSRF token and an idempotency key with writes, and neither with reads", async () => {
  setCsrfToken("csrf-1");
  server.use(
    http.get("*/v1/customers", () => HttpResponse.json({ data: [], next_cursor: null })),
    http.post("*/v1/customers", () => HttpResponse.json({ id: "cus_1" }, { status: 201 })),
  );
  await answer(api.GET("/v1/customers"));
  await answer(api.POST("/v1/customers", { body: { name: "Acme" } }));
  const shown = sent.map(({ headers }) => [headers.get("X-CSRF-Token"), headers.has("Idempotency-Key")]);
  expect(shown).toEqual([
    [null, false],
    ["csrf-1", true],
  ]);
});

it("raises what the server says, field by field", async () => {
  const document = {
    ...{ type: "", title: "Invalid", status: 422, detail: "name: is required", code: "invalid_request" },
    errors: [{ field: "name", message: "is required", code: "missing" }],
  };
  server.use(http.post("*/v1/customers", () => HttpResponse.json(document, { status: 422 })));
  const error = await answer(api.POST("/v1/customers", { body: { name: "" } })).catch((raised: unknown) => raised);
  expect(error).toBeInstanceOf(Problem);
  expect(error).toMatchObject({ status: 422, code: "invalid_request", fields: { name: "is required" } });
});

it("has words for answers that are no problem documents, and for none", async () => {
  server.use(http.get("*/v1/a", () => new HttpResponse("<h1>Bad gateway</h1>", { status: 502 })));
  server.use(http.get("*/v1/b", () => HttpResponse.error()));
  await expect(ask("GET", "/v1/a")).rejects.toMatchObject({ status: 502, code: "http_502" });
  await expect(ask("GET", "/v1/b")).rejects.toMatchObject({ status: 0, code: "unreachable" });
});

it("tells of an ended session, but not of a wrong password", async () => {
  const told = vi.fn();
  const off = whenSignedOut(told);
  server.use(http.post("*/v1/auth/sign-in", () => problem(401, "wrong_credentials", "No.")));
  server.use(http.get("*/v1/customers", () => problem(401, "not_signed_in", "Sign in.")));
  await expect(ask("POST", "/v1/auth/sign-in", {})).rejects.toThrow("No.");
  expect(told).not.toHaveBeenCalled();
  await expect(ask("GET", "/v1/customers")).rejects.toThrow("Sign in.");
  expect(told).toHaveBeenCalledOnce();
  off();
});
