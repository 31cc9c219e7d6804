import { expect, it } from "vitest";
import { choicesOf, choose, LEFT_OUT, mappingOf, missing, PROPERTY } from "./mapping";

const SUGGESTED = {
  columns: { customer_id: "account", "properties.model": "model" },
  values: { event: "api_call" },
  timezone: "UTC",
};
const COLUMNS = ["account", "model", "tokens"];

it("gives back the mapping that it was made of", () => {
  const choices = choicesOf(SUGGESTED, COLUMNS);
  expect(choices.columns.tokens?.target).toBe(LEFT_OUT);
  expect(mappingOf(choices)).toEqual(SUGGESTED);
});

it("takes each field from one column", () => {
  const moved = choose(choicesOf(SUGGESTED, COLUMNS), "tokens", { target: "customer_id", property: "tokens" });
  expect(moved.columns.account?.target).toBe(PROPERTY);
  expect(mappingOf(moved).columns).toEqual({
    "properties.account": "account",
    "properties.model": "model",
    customer_id: "tokens",
  });
});

it("prefers a column to a text and says what is missing", () => {
  const event = choose(choicesOf(SUGGESTED, COLUMNS), "model", { target: "event", property: "model" });
  expect(mappingOf(event).values).toEqual({});
  expect(missing(mappingOf({ ...event, columns: {} }))).toEqual(["customer_id"]);
  expect(missing({ columns: {}, values: {}, timezone: null })).toEqual(["customer_id", "event"]);
});
