import { expect, it } from "vitest";
import { curlOf, pythonOf, typescriptOf } from "./quickStart";

const example = {
  address: "https://bill.example",
  customer: `o'hara "&$(x)`,
  event: "completion",
  meter: "tokens",
  properties: { tokens: 1847 },
};

it("is for this server, and a name can't break out of its quotes", () => {
  expect(curlOf(example)).toContain("https://bill.example/v1/events");
  expect(curlOf(example)).toContain(`"customer_id":"o'\\''hara \\"&$(x)"`);
  for (const write of [typescriptOf, pythonOf]) {
    expect(write(example)).toContain(`"o'hara \\"&$(x)"`);
    expect(write(example)).toContain('{"tokens":1847}');
  }
});
