import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import type { components } from "./schema.gen";

export type Organisation = components["schemas"]["OrganisationOut"];
export type OrganisationChange = components["schemas"]["OrganisationPatch"];

/** The settings of the organisation in use. */
export const organisationQuery = () =>
  queryOptions({
    queryKey: ["organisation"],
    queryFn: ({ signal }) => answer(api.GET("/v1/organisation", { signal })),
  });

export const changeOrganisation = (body: OrganisationChange) => answer(api.PATCH("/v1/organisation", { body }));
