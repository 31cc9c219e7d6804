import { screen, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, it } from "vitest";
import { renderSite } from "@/test/render";
import { OVERVIEW, problem, server } from "@/test/server";
import { modelsOf } from "./Pipeline";

const events = `event: pulse
data: {"at":"2026-04-17T15:19:02Z","events_per_minute":13001,"events_today":1300000,"metered_behind":0,"lag_ms":35}

event: sample
data: {"id":"evt-1","at":"2026-04-17T15:19:02.847Z","customer":"acme","customer_name":"<b>Acme</b>","event":"completion","quantity":"1","model":"gpt-4o","tokens":1847,"state":"metered"}

`;

const streaming = (text: string) =>
  http.get("*/v1/events/stream", () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) });
    return new HttpResponse(body, { headers: { "Content-Type": "text/event-stream" } });
  });

const figure = async (label: string) => within(await screen.findByRole("region", { name: label }));

it("shows the figures of the overview, and follows the live ones", async () => {
  server.use(streaming(events));
  renderSite("/");
  expect(await (await figure("Active customers")).findByText("847")).toBeInTheDocument();
  expect((await figure("Revenue this month")).getByText("$284.1K")).toBeInTheDocument();
  expect((await figure("Revenue this month")).getByText("+12.3%")).toBeInTheDocument();
  expect((await figure("Typical latency")).getByText("99 % within 48 ms")).toBeInTheDocument();
  expect(await (await figure("Events today")).findByText("1.3M")).toBeInTheDocument();
  const pipeline = await figure("Billing pipeline");
  expect(pipeline.getAllByRole("listitem").map((stage) => stage.textContent)).toEqual([
    "Ingest13,001events/min",
    "Meter35 msbehindAll events are in usage",
    "Price1planper unit · graduated",
    "Invoice$3,215.00open12 issued this month",
  ]);
});

it("shows live events, and what they hold as text", async () => {
  server.use(streaming(events));
  renderSite("/");
  const row = await screen.findByRole("row", { name: /gpt-4o/ });
  expect(
    within(row)
      .getAllByRole("cell")
      .map((cell) => cell.textContent),
  ).toEqual([...["15:19:02.847", "<b>Acme</b>", "completion", "1,847 tok", "gpt-4o", "metered"]]);
});

it("says how to see the first event", async () => {
  renderSite("/");
  expect(await screen.findByText("Waiting for events")).toBeInTheDocument();
});

it("has its chart as a table, too", async () => {
  renderSite("/");
  const table = await screen.findByRole("table", { name: "Events a day, last 14 days" });
  expect(within(table).getAllByRole("row")).toHaveLength(15);
  expect(within(table).getByRole("row", { name: "Apr 17 13,000" })).toBeInTheDocument();
});

it("shows dashes where there is nothing to tell yet", async () => {
  const empty = { ...OVERVIEW, revenue: [], latency_ms: { p50: null, p99: null } };
  server.use(http.get("*/v1/overview", () => HttpResponse.json(empty)));
  renderSite("/");
  expect(await (await figure("Revenue this month")).findByText("—")).toBeInTheDocument();
  expect((await figure("Typical latency")).getByText("no requests yet")).toBeInTheDocument();
});

it("says what is wrong when there is no overview", async () => {
  server.use(http.get("*/v1/overview", () => problem(403, "forbidden_by_role", "Ask an owner.")));
  renderSite("/");
  expect(await screen.findByRole("alert")).toHaveTextContent("Ask an owner.");
});

it("names the price models in use, the most used first", () => {
  const plan = (...models: string[]) =>
    ({ prices: models.map((model) => ({ model })) }) as Parameters<typeof modelsOf>[0][number];
  expect(modelsOf([plan("flat", "per_unit"), plan("per_unit", "cost_plus", "package")])).toBe(
    "per unit · flat · cost plus",
  );
});
