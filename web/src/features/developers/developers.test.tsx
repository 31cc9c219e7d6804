import { screen } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, it } from "vitest";
import { renderSite } from "@/test/render";
import { SESSION, server } from "@/test/server";
import { fill, user } from "@/test/user";

const none = () => HttpResponse.json({ data: [], next_cursor: null });

it("shows a new key this once", async () => {
  server.use(
    http.get("*/v1/auth/session", () =>
      HttpResponse.json({ ...SESSION, permissions: ["api_keys:read", "api_keys:write"] }),
    ),
    ...["api-keys", "customers", "meters"].map((list) => http.get(`*/v1/${list}`, none)),
    http.post("*/v1/api-keys", () => HttpResponse.json({ id: "key_1", name: "backend", secret: "sk_test_abc" })),
  );
  renderSite("/developers");
  expect(await screen.findByRole("region", { name: "curl example" })).toHaveTextContent("/v1/events");
  await user.click((await screen.findAllByRole("button", { name: "Create a key" }))[0] as HTMLElement);
  await fill(/^Name of the key/, "backend");
  await user.click(screen.getByRole("button", { name: "Create" }));
  expect(await screen.findByText("sk_test_abc")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "I have it" }));
  expect(screen.queryByText("sk_test_abc")).toBeNull();
  expect(screen.queryByRole("region", { name: "Request log" })).toBeNull();
});
