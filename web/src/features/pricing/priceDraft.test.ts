import { expect, it } from "vitest";
import type { Price } from "@/api/plans";
import { draftOf, keyOf, newPrice, sentPrice } from "./priceDraft";

it("sends what it was given, digit by digit", () => {
  const prices = [
    { model: "flat", key: "base", name: "Base", amount: "99", billing: "advance" },
    { model: "per_unit", key: "calls", name: "Calls", meter: "calls", unit_amount: "0.000000000001" },
    {
      model: "graduated",
      key: "tokens",
      name: "Tokens",
      meter: "tokens",
      product: "llm",
      conversion: { divisor: "1000" },
      tiers: [
        { up_to: "1000", unit_amount: "0.002" },
        { up_to: null, unit_amount: "0.001", flat_amount: "5" },
      ],
    },
    {
      model: "matrix",
      key: "models",
      name: "Models",
      meter: "tokens",
      dimensions: ["model"],
      cells: [{ match: { model: "gpt-4o" }, unit_amount: "0.1" }],
    },
    {
      model: "cost_plus",
      key: "llm",
      name: "LLM",
      meter: "tokens",
      provider: "openai",
      markup: "0.20",
      model_dimension: "model",
      token_dimension: "token_type",
      list_prices: { "gpt-4o": { input: "2.5" } },
    },
  ] as unknown as Price[];
  for (const price of prices) expect(sentPrice(draftOf(price))).toEqual(price);
});

it("drops what only the model before it had", () => {
  const draft = draftOf({
    ...{ model: "per_unit", key: "x", name: "X", meter: "m", product: "llm" },
    ...{ unit_amount: "1", conversion: { divisor: "10" } },
  } as unknown as Price);
  expect(sentPrice({ ...draft, model: "flat" })).toEqual({
    ...{ model: "flat", key: "x", name: "X", product: "llm", amount: "", billing: "arrears" },
  });
});

it("takes today's list prices where the provider is another one", () => {
  const draft = draftOf({ model: "cost_plus", provider: "openai", list_prices: { a: {} } } as unknown as Price);
  expect(sentPrice({ ...draft, provider: "anthropic" })).not.toHaveProperty("list_prices");
});

it("leaves out what is optional and empty, and sends what is needed, so that the server can say so", () => {
  const sent = sentPrice({ ...newPrice("package"), key: "x" });
  expect(sent).toEqual({ model: "package", key: "x", package_size: "", amount: "" });
});

it("has an open last tier", () => {
  expect(sentPrice(newPrice("volume")).tiers).toEqual([{ up_to: "1000" }, { up_to: null }]);
});

it("makes keys of names", () => {
  expect(keyOf("  API calls (é) ")).toBe("api_calls_e");
});
