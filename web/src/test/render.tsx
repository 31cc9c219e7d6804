import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactElement } from "react";
import { makeQueryClient } from "@/api/queryClient";
import { Providers } from "@/app/Providers";
import { makeRouter } from "@/app/router";

/** A component by itself, with the theme and a fresh cache. */
export function renderPart(part: ReactElement) {
  return render(
    <Providers queries={makeQueryClient()} env="test">
      {part}
    </Providers>,
  );
}

/** The whole site at an address, as a person meets it. */
export function renderSite(address: string) {
  const queries = makeQueryClient();
  const router = makeRouter(queries, createMemoryHistory({ initialEntries: [address] }));
  const view = render(
    <Providers queries={queries} env="test">
      <RouterProvider router={router} />
    </Providers>,
  );
  return { ...view, router, queries };
}
