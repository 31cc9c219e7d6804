import { expect, it } from "vitest";
import { afterSignIn, validateSignInSearch } from "./signInTarget";

it("goes back to a page of ours", () => {
  expect(validateSignInSearch({ to: "/invoices?status=draft" })).toEqual({ to: "/invoices?status=draft" });
  expect(afterSignIn("/customers/acme")).toEqual({ to: "/customers/acme" });
});

it.each(["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/sign-in?to=/", 7])(
  "never leads to %s",
  (to) => {
    expect(validateSignInSearch({ to })).toEqual({});
  },
);
