import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import type { components } from "./schema.gen";

export type Organisation = components["schemas"]["OrganisationOut"];

/** The settings of the organisation in use. */
export const organisationQuery = () =>
  queryOptions({
    queryKey: ["organisation"],
    queryFn: ({ signal }) => answer(api.GET("/v1/organisation", { signal })),
  });
