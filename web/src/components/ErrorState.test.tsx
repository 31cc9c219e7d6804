import { screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import { renderPart } from "@/test/render";
import { user } from "@/test/user";
import { ErrorState } from "./ErrorState";

const problem = (status: number) =>
  new Problem({ status, code: "x", title: "Not now", detail: "Come back later.", incident_id: "abc123" });

it("says what the server said, with the incident to look for", () => {
  renderPart(<ErrorState error={problem(500)} />);
  expect(screen.getByRole("alert")).toHaveTextContent(/Not now.*Come back later\..*abc123/);
});

it("offers another try only where it may help", async () => {
  const retry = vi.fn();
  const { unmount } = renderPart(<ErrorState error={problem(403)} onRetry={retry} />);
  expect(screen.queryByRole("button")).toBeNull();
  unmount();

  renderPart(<ErrorState error={problem(503)} onRetry={retry} />);
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(retry).toHaveBeenCalledOnce();
});
