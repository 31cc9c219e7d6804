import { screen, within } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import { renderPart } from "@/test/render";
import { user } from "@/test/user";
import { type Column, DataTable } from "./DataTable";

interface Row {
  id: string;
  name: string;
}

const columns: Column<Row>[] = [{ key: "name", header: "Name", cell: (row) => row.name }];

const settled = {
  data: { pages: [{ data: [{ id: "1", name: "Acme" }] }, { data: [{ id: "2", name: "Globex" }] }] },
  error: null as unknown,
  isPending: false,
  hasNextPage: false,
  isFetchingNextPage: false,
  fetchNextPage: vi.fn(),
  refetch: vi.fn(),
};

const show = (query: Partial<Omit<typeof settled, "data">> & { data?: (typeof settled)["data"] | undefined }) =>
  renderPart(
    <DataTable
      label="Customers"
      columns={columns}
      query={{ ...settled, data: settled.data, ...query }}
      rowKey={(row) => row.id}
      empty="No customers yet"
    />,
  );

it("shows the rows of all pages", () => {
  show({});
  const rows = within(screen.getByRole("region", { name: "Customers, as a table" })).getAllByRole("row");
  expect(rows.map((row) => row.textContent)).toEqual(["Name", "Acme", "Globex"]);
});

it("gets the next page", async () => {
  show({ hasNextPage: true });
  await user.click(screen.getByRole("button", { name: "Show more" }));
  expect(settled.fetchNextPage).toHaveBeenCalledOnce();
});

it("says that there is nothing, or what failed", () => {
  const { unmount } = show({ data: { pages: [{ data: [] }] } });
  expect(screen.getByText("No customers yet")).toBeInTheDocument();
  unmount();

  const error = new Problem({ status: 403, code: "forbidden_by_role", title: "Not allowed", detail: "Ask an owner." });
  show({ data: undefined, error });
  expect(screen.getByRole("alert")).toHaveTextContent("Ask an owner.");
});

it("keeps what it has when a further page fails", () => {
  const error = new Problem({ status: 503, code: "overloaded", title: "Busy", detail: "Later." });
  show({ error });
  expect(screen.getByText("Acme")).toBeInTheDocument();
  expect(screen.getByRole("alert")).toHaveTextContent("Later.");
});
